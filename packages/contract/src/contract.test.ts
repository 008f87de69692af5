import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { duration } from './duration.ts'
import { decodeId, encodeId, runId } from './ids.ts'
import { PERMISSION_SETS, PERMISSIONS } from './permissions.ts'
import { PROBLEMS } from './problem-catalogue.ts'
import { problem, problemShape } from './problems.ts'
import { findOperation, listOperations } from './registry.ts'
import { text, timestamp } from './scalars.ts'

const uuid = fc.uuid().map((text) => text.toLowerCase())

describe('public ids', () => {
  it('ids decode to their UUID, and sort like their UUIDs', () => {
    fc.assert(
      fc.property(uuid, uuid, (a, b) => {
        const [x, y] = [encodeId('run', a), encodeId('run', b)]
        expect(decodeId('run', x)).toBe(a)
        expect(runId.safeParse(x).success).toBe(true)
        expect(x < y).toBe(a < b)
      }),
    )
  })

  it('refuses ids of another noun and malformed ids', () => {
    const id = encodeId('run', '01920000-0000-7000-8000-000000000000')
    expect(decodeId('org', id)).toBeNull()
    for (const text of ['', 'run_', `${id}0`, id.toUpperCase(), id.replace('run_0', 'run_8'), id.replace(/.$/, 'u')]) {
      expect(decodeId('run', text)).toBeNull()
      expect(runId.safeParse(text).success).toBe(false)
    }
    expect(() => encodeId('run', 'nonsense')).toThrow(TypeError)
  })

  it('ids have the format of the example in the TypeID specification', () => {
    // TypeID 0.3, spec/valid.json: "valid-uuidv7".
    expect(encodeId('run', '01890a5d-ac96-774b-bcce-b302099a8057').slice(4)).toBe('01h455vb4pex5vsknk084sn02q')
  })
})

describe('text and times', () => {
  it('accepts only text that the database can store', () => {
    for (const good of ['a', 'ﬀ', '💡', '\u0001']) expect(text(10).safeParse(good).success, good).toBe(true)
    for (const bad of ['a\u0000', '\ud800', 'a\udfff', '']) expect(text(10).safeParse(bad).success).toBe(false)
  })

  it('accepts times whose year has four digits in UTC', () => {
    for (const good of ['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '2026-11-05T09:30:00.123456789+05:30'])
      expect(timestamp.safeParse(good).success, good).toBe(true)
    // In UTC the first is in the year 10000, the second before the year 0.
    for (const bad of ['9999-12-31T23:59:59-00:01', '0000-01-01T00:00:00+00:01', '2026-02-30T00:00:00Z', 'soon'])
      expect(timestamp.safeParse(bad).error?.issues.length, bad).toBe(1)
  })
})

describe('durations', () => {
  it.each(['30m', '1h30m', '250ms', '1.5h', '0s', 'PT30M', 'P3D', 'P1DT12H', 'P2W', '5m3ms'])('accepts the duration %s', (text) => {
    expect(duration.safeParse(text).success).toBe(true)
  })
  it.each(['', '30', '1m1h', 'P', 'PT', 'P1Y', '-5m', '1 h', '5M', 'm', '99999999999s'])('refuses the duration %j', (text) => {
    expect(duration.safeParse(text).success).toBe(false)
  })
})

describe('the registry of operations', () => {
  const operations = listOperations()

  it('the registry finds operations only by their exact names', () => {
    expect(findOperation('runs.start')?.name).toBe('runs.start')
    for (const name of ['toString', 'runs', '__proto__', 'runs.start ']) expect(findOperation(name)).toBeNull()
  })

  it.each(operations.map((operation) => [operation.name, operation] as const))('%s is complete enough for every face', (_, operation) => {
    const fields = Object.keys(operation.input.shape)
    const inPath = [...operation.http.path.matchAll(/\{(\w+)\}/g)].map(([, field]) => field)
    for (const field of [...inPath, ...(operation.cli?.positionals ?? [])]) expect(fields).toContain(field)
    expect(z.toJSONSchema(operation.input, { io: 'input' })).toMatchObject({ type: 'object', additionalProperties: false })
    expect(z.toJSONSchema(operation.output)).toBeTypeOf('object')
    expect(operation.summary).toMatch(/^[A-Z][^\n]*[^.]$/)
    expect(operation.effect === 'write').toBe(operation.audit !== undefined)
    if (operation.effect === 'write') expect(operation.http.method).not.toBe('GET')
    if (operation.rows !== undefined) expect(Object.keys((operation.output as z.ZodObject).shape)).toContain(operation.rows)
    if (operation.mcp) expect(operation.description).toBeDefined()
  })

  it('no two operations have the same address, tool or verb', () => {
    const addresses = operations.map(({ http }) => `${http.method} ${http.path.replaceAll(/\{\w+\}/g, '{}')}`)
    const tools = operations.flatMap(({ mcp }) => (mcp ? [mcp.tool] : []))
    const verbs = operations.flatMap(({ cli }) => (cli ? [cli.verb] : []))
    for (const list of [addresses, tools, verbs]) expect(new Set(list).size).toBe(list.length)
  })
})

describe('problems', () => {
  it('problems serialize to RFC 9457 with Orrery’s own members', () => {
    const errors = [{ path: 'limit', message: 'Too big', expected: 'at most 200' }]
    const shown = problem('invalid_input', 'limit: Too big', { errors, cause: new Error('secret') }).toProblem('req-1', '/api/v1/runs')
    expect(problemShape.parse(shown)).toEqual({
      type: '/docs/problems/invalid_input',
      title: PROBLEMS.invalid_input.title,
      status: 400,
      detail: 'limit: Too big',
      instance: '/api/v1/runs',
      code: 'invalid_input',
      errors,
      requestId: 'req-1',
    })
  })
})

describe('permissions', () => {
  it('only the set `installation` grants orgs:admin', () => {
    expect(PERMISSION_SETS.admin).not.toContain('orgs:admin')
    expect(PERMISSION_SETS.installation).toEqual(PERMISSIONS)
    for (const set of Object.values(PERMISSION_SETS)) expect(PERMISSIONS).toEqual(expect.arrayContaining([...set]))
  })
})
