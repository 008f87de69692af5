/** Checks of every kind of tool without a database. A new kind needs no line here, only an implementation in the fixture. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { operations, ProblemError, toolImplementation, toolKind } from '@orrery/contract'
import { describe, expect, it } from 'vitest'
import { validateInput } from '../../../kernel/src/call/validate-input.ts'
import { findDefinitionFaults } from '../catalogue/find-definition-faults.ts'
import { toFace } from '../catalogue/find-tool.ts'
import { checksHere } from '../port/checks-here.fixture.ts'
import { CALL_MS_MAX } from '../port/tool-port.ts'
import { kindOf, kinds, startsRun } from './kinds.ts'
import { implementations } from './testing/implementations.fixture.ts'

const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guides/tools.md'), 'utf8')
const put = (implementation: object) =>
  validateInput(operations['tools.put'].input, { tool: 'a.tool', definition: { description: 'A tool', implementation } })

it('has one kind for each name in the contract, each with the shape listed in the contract', () => {
  expect(Object.keys(kinds).sort()).toEqual([...toolKind.options].sort())
  expect(new Set(Object.values(kinds).map(({ shape }) => shape))).toEqual(new Set(toolImplementation.options))
})

it('describes exactly the existing kinds in the guide', () => {
  const table = /\| `kind` \| what it does \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(guide)?.[1] ?? ''
  const described = [...table.matchAll(/^\| `([a-z]+)` \| .{10,} \|$/gm)].map(([, name]) => name)
  expect(described).toEqual(Object.keys(kinds))
})

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('kind %s', (name) => {
  const implementation = implementations[name]
  const kind = kindOf(implementation)
  const definition = { description: 'A tool', scopes: ['a:b'], costTier: 'low' as const, examples: [], implementation }

  it('has the name under which it is listed', () => {
    expect([kind.name, implementation.kind]).toEqual([name, name])
  })

  it('accepts a valid implementation and reports an unknown field by its path', () => {
    expect(kind.shape.parse(implementation)).toEqual(implementation)
    expect(() => put(implementation)).not.toThrow()
    try {
      put({ ...implementation, surprise: 1 })
      expect.unreachable('The unknown field was accepted')
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error
      expect([error.code, error.extra.errors?.map(({ path }) => path)]).toEqual(['invalid_input', ['definition.implementation.surprise']])
    }
  })

  it('finds no fault in a valid implementation', async () => {
    expect(await findDefinitionFaults(checksHere, 'a.tool', definition)).toEqual([])
  })

  it('fills in the face of a tool and keeps the scopes of its definition', () => {
    const face = toFace('a.tool', definition)
    expect(face.inputSchema).toMatchObject({ type: 'object' })
    expect(face.scopes).toContain('a:b')
    expect(face.timeoutMs).toBe(kind.timeoutMs)
    expect(toFace('a.tool', { ...definition, timeout: '5s' }).timeoutMs).toBe(5_000)
  })

  it('has the maximum time limit if it starts a run, and 30 seconds otherwise', () => {
    expect(startsRun(implementation)).toBe(kind.reaches === 'run')
    expect(kind.timeoutMs).toBe(kind.reaches === 'run' ? CALL_MS_MAX : 30_000)
  })
})

it('finds a fault in a tool that names a reserved workflow', async () => {
  const definition = { description: 'A tool', scopes: [], costTier: 'low' as const, examples: [] }
  const faultsOf = async (workflow: string) =>
    (await findDefinitionFaults(checksHere, 'a.tool', { ...definition, implementation: { kind: 'workflow', workflow } })).map(
      ({ path }) => path,
    )
  expect(await faultsOf('orrery.pipeline')).toEqual(['definition.implementation.workflow'])
  expect(await faultsOf('orrery')).toEqual([])
})
