/** Checks of every kind of tool with a database: how its tools are stored, and what a call may reach. */
import { ProblemError } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTools, type Tools } from '../builtins/testing/start-tools.fixture.ts'
import type { BuiltIn } from '../port/tool-port.ts'
import { kindOf, kinds } from './kinds.ts'
import { implementations } from './testing/implementations.fixture.ts'

let tools: Tools
beforeAll(async () => {
  tools = await startTools()
  await tools.core.call('connections.create', { name: 'local-server', settings: { type: 'mcp_http', url: 'http://10.0.0.1/mcp' } })
})
afterAll(() => tools.close())

describe.each(Object.keys(kinds) as (keyof typeof kinds)[])('kind %s', (name) => {
  const implementation = implementations[name]
  const kind = kindOf(implementation)

  it('stores a definition unchanged, or rejects it if a server describes the tool', async () => {
    const put = tools.core.call('tools.put', { tool: `a.${name}`, definition: { description: 'A tool', implementation } } as never)
    if (kind.describedBy === 'server') {
      const error = await put.then(
        () => null,
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(ProblemError)
      expect(error).toMatchObject({ code: 'invalid_input', extra: { errors: [{ path: 'definition.implementation' }] } })
    } else {
      expect(await put).toMatchObject({ kind: name, version: 1, definition: { implementation } })
      expect(await tools.core.call('tools.get', { tool: `a.${name}` })).toMatchObject({ kind: name, definition: { implementation } })
    }
  })

  it('cannot reach an address that the guard refuses', async () => {
    const called = { name: 'a.tool', implementation, pin: null, status: 'ready' as const, recordOffer: async () => undefined }
    const tool: BuiltIn = {
      ...{ name: 'a.tool', description: 'A tool', inputSchema: {}, scopes: [], costTier: 'low', timeoutMs: 5_000 },
      call: (args, context) => kind.call(called, args, context),
    }
    const error = await tools.failure(tool, {})
    expect(error).toMatchObject(
      kind.reaches === 'run'
        ? { name: 'StartsRun', isRetryable: false }
        : { name: 'OutsideError', isRetryable: false, details: { reason: 'address' } },
    )
  })
})
