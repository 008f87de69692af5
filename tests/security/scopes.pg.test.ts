/**
 * The scope matrix: every way to start or continue work, by every kind of key. Goal: work acts with exactly the scopes that its start gave
 * it, a caller without a scope is refused with the name of the scope, and a refused call has no effect.
 */
import { isScope, listOperations, operations, PERMISSION_SETS, type Permission } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pipelineInterpreter } from '../../packages/core/src/pipelines/to-pipeline-start.ts'
import { eventually } from '../support/eventually.ts'
import { startTestCore, type TestCore } from '../support/start-test-core.ts'
import { NO_WAY, type Prepared, WAYS, type Way, type Work } from './ways-to-work.ts'

let t: TestCore
let otherOrg: string
const idle: string[] = []

beforeAll(async () => {
  t = await startTestCore()
  await t.core.start()
  t.core.clock.start()
  await t.deploy()
  otherOrg = await t.otherOrg('other')
})

afterAll(async () => {
  await t?.close()
})

async function keyWith(scopes: readonly Permission[]): Promise<{ secret: string; id: string }> {
  const { output } = await t.answer('keys.create', { name: 'one cell', scopes: [...new Set(scopes)] })
  return output as { secret: string; id: string }
}

let count = 0
function newWork(): Work {
  const name = `cell-${++count}`
  const topic = `matrix.${name}`
  return { t, name, topic, emit: { id: 'emit', uses: 'event.emit', with: { topic } } }
}

async function emitted({ topic }: Work): Promise<number> {
  const [row] = await t.query<{ n: number }>('select count(*)::int as n from engine.event where type = $1', [topic])
  return row?.n ?? 0
}

const all = PERMISSION_SETS.admin
const without = (permission: Permission, of: readonly Permission[] = all) => of.filter((one) => one !== permission)
const nameOf = ({ operation, what }: Way) => (what === undefined ? operation : `${operation} (${what})`)
const permissionOf = ({ operation }: Way): Permission => {
  const { permission } = operations[operation]
  if (!isScope(permission)) throw new Error(`${operation} needs no scope`)
  return permission
}
const leastOf = (way: Way): readonly Permission[] => [permissionOf(way), ...way.also]

/** Calls with a key, and lets the work take its course. Returns the scopes of the run that acted, if the way names it. */
async function act(way: Way, work: Work, key: string): Promise<readonly string[] | null> {
  const { input, after } = await way.prepare(work)
  const { output } = await t.answer(way.operation, input, { key })
  return await finish(work, after, output)
}

/** Lets work take its course, so that it starts no run while another test counts them. */
async function finish(work: Work, after: Prepared['after'], output: unknown): Promise<readonly string[] | null> {
  const run = (await after?.(output as Record<string, unknown>)) ?? null
  expect(
    await eventually(
      () => emitted(work),
      (n) => n > 0,
      20_000,
    ),
  ).toBe(1)
  return run === null ? null : (await t.call('runs.get', { runId: run })).scopes
}

async function refuse(way: Way, key: string, expected: object): Promise<void> {
  const work = newWork()
  const { input } = await way.prepare(work)
  const before = await runs()
  await expect(t.answer(way.operation, input, { key })).rejects.toMatchObject(expected)
  expect(await runs()).toBe(before)
  idle.push(work.topic)
}

async function runs(): Promise<number> {
  const [row] = await t.query<{ n: number }>('select count(*)::int as n from engine.run where org_id = $1', [t.org])
  return row?.n ?? 0
}

const lacking = (permission: Permission) => ({ code: 'forbidden', extra: { permission: expect.stringContaining(permission) } })

it('every write operation is a way to work, or is listed with the reason why not', () => {
  const placed = [...new Set([...WAYS.map(({ operation }) => operation as string), ...Object.keys(NO_WAY)])]
  const writes = listOperations().filter(({ effect }) => effect === 'write')
  expect(writes.map(({ name }) => name).toSorted()).toEqual(placed.toSorted())
})

describe.each(WAYS.map((way) => [nameOf(way), way] as const))('%s', (_, way) => {
  const scopes = way.what === 'a tool whose author may emit' ? [] : ['events:emit']

  it.each([
    ['the administrator', async () => t.adminKey],
    ['a key with just the scopes for it', async () => (await keyWith(leastOf(way))).secret],
    [
      'a token of such a key',
      async () => {
        const { secret } = await keyWith(leastOf(way))
        const { output } = await t.answer('tokens.issue', {}, { key: secret })
        return (output as { accessToken: string }).accessToken
      },
    ],
  ])('acts with exactly the scopes that were given: %s', async (_, key) => {
    expect((await act(way, newWork(), await key())) ?? scopes).toEqual(scopes)
  })

  it.each(leastOf(way))('is refused to a key with everything but %s', async (permission) => {
    await refuse(way, (await keyWith(without(permission))).secret, lacking(permission))
  })

  it('is refused to keys that read, that call tools only, that are revoked, or that belong to another organization', async () => {
    await refuse(way, (await keyWith(PERMISSION_SETS.viewer)).secret, lacking(permissionOf(way)))
    const called = await keyWith(['tools:call'])
    await refuse(way, called.secret, lacking(leastOf(way).find((permission) => permission !== 'tools:call') ?? 'tools:call'))
    const revoked = await keyWith(all)
    await t.call('keys.revoke', { keyId: revoked.id })
    await refuse(way, revoked.secret, { code: 'unauthenticated' })
    // What it starts is its own; what it names of ours does not exist.
    const work = newWork()
    const { input } = await way.prepare(work)
    await t.answer(way.operation, input, { key: otherOrg }).catch(({ code }) => expect(code).toMatch(/not_found$/))
    const [row] = await t.query<{ n: number }>('select count(*)::int as n from engine.event where type = $1 and org_id = $2', [
      work.topic,
      t.org,
    ])
    expect(row?.n).toBe(0)
  })

  it('an idempotency key returns no answer to a key without the scopes', async () => {
    if (way.also.length === 0) return
    const work = newWork()
    const { input, after } = await way.prepare(work)
    const idempotencyKey = work.name
    const { output } = await t.answer(way.operation, input, { key: t.adminKey, idempotencyKey })
    const narrow = await keyWith([permissionOf(way)])
    await expect(t.answer(way.operation, input, { key: narrow.secret, idempotencyKey })).rejects.toMatchObject({
      code: expect.stringMatching(/^(idempotency\.key_reused|forbidden)$/),
    })
    await finish(work, after, output)
  })
})

describe("the server's own workflows", () => {
  const refused = { code: 'workflow.name_reserved' }
  it('start and deploy for no key', async () => {
    const { hash: version } = await pipelineInterpreter.build()
    for (const start of [{ workflow: 'orrery.pipeline' }, { workflow: 'orrery.pipeline', version }, { workflow: 'orrery.other' }]) {
      await expect(t.answer('runs.start', start)).rejects.toMatchObject(refused)
      const { items } = await t.call('runs.startMany', { items: [start] as never })
      expect(items).toMatchObject([{ outcome: 'problem', problem: refused }])
      // Nor does the engine, if an operation forgot to refuse.
      expect(await t.engine.start({ org: t.org, input: {}, ...start })).toMatchObject({ type: 'no_such_workflow' })
    }
    await expect(t.answer('workflows.deploy', await pipelineInterpreter.build())).rejects.toMatchObject(refused)
    await expect(t.engine.deploy(t.org, await pipelineInterpreter.build())).rejects.toThrow('orrery.pipeline')
  })
})

it('an automation edited by a narrower key keeps neither its scopes nor its work, and its runs keep theirs', async () => {
  const work = newWork()
  await t.answer('automations.create', { name: work.name, pipeline: [work.emit], scopes: ['events:emit'] })
  const narrow = (await keyWith(['automations:write'])).secret
  const edits = [{ title: 'Another' }, { pipeline: [{ id: 'other', uses: 'time.now' }] }, { scopes: ['events:emit', 'keys:write'] }]
  for (const edit of edits)
    await expect(t.answer('automations.update', { automation: work.name, ...edit }, { key: narrow })).rejects.toMatchObject({
      code: 'forbidden',
    })
  await t.answer('automations.update', { automation: work.name, scopes: [] }, { key: narrow })
  const { runId } = await t.call('automations.runNow', { automation: work.name })
  expect(await t.call('runs.result', { runId: runId ?? '', timeout: '20s' })).toMatchObject({
    status: 'failed',
    error: { name: 'ScopeMissing', message: expect.stringContaining('events:emit') },
  })
  idle.push(work.topic)
})

it('no refused call has had an effect', async () => {
  await eventually(
    async () => (await t.query<{ n: number }>(`select count(*)::int as n from engine.live where state in (1, 2)`))[0]?.n ?? 0,
    (n) => n === 0,
    20_000,
  )
  const rows = await t.query<{ type: string }>('select type from engine.event where type = any ($1)', [idle])
  expect(rows).toEqual([])
})
