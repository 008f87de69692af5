/** Calls built-in tools like `callTool`, with a real database and real connections: checks arguments and output, and converts failures. */
import type { ConnectionSettings, JsonObject } from '@orrery/contract'
import { expect } from 'vitest'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'
import { makeActorContext } from '../../../../kernel/src/call/act-as-system.ts'
import type { Log } from '../../../../kernel/src/context/kernel.ts'
import { findMismatch } from '../../../../kernel/src/json-schema/find-mismatch.ts'
import { readOutsideAllow } from '../../../../kernel/src/outside/outside-allow.ts'
import { type OutsidePolicy, outsidePolicy } from '../../../../kernel/src/outside/outside-policy.ts'
import { certificate } from '../../../../kernel/src/outside/testing/certificate.fixture.ts'
import { makeSecretKey, readSecretKeys } from '../../../../kernel/src/secrets/secret-keys.ts'
import { openConnection } from '../../connections/open-connection.ts'
import { explainFailure } from '../../port/explain-failure.ts'
import { type BuiltIn, type ToolContext, ToolError, type ToolResult } from '../../port/tool-port.ts'

export interface Tools {
  readonly core: TestCore
  /** Creates a connection and returns its id. */
  connect(settings: ConnectionSettings): Promise<string>
  call(tool: BuiltIn, args: JsonObject, change?: Partial<ToolContext>): Promise<ToolResult>
  /** Returns the failure of a call, after checking that it contains no secret of the connections. */
  failure(tool: BuiltIn, args: JsonObject, change?: Partial<ToolContext>): Promise<ToolError>
  close(): Promise<void>
}

/** Allows servers on this machine, which are also reachable as `outside.test`. */
export const localPolicy: OutsidePolicy = {
  ...outsidePolicy,
  allow: readOutsideAllow('127.0.0.1'),
  authority: certificate,
  resolve: async (name) => {
    if (name === 'outside.test') return ['127.0.0.1']
    throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' })
  },
}

const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => log }

export async function startTools(): Promise<Tools> {
  const secrets = readSecretKeys(makeSecretKey())
  const core = await startTestCore({ work: false, log, secrets })
  const kernel = { ...core.core.kernel, outside: localPolicy }
  const actor = { type: 'system', id: 'test', name: 'test' } as const
  const ctx = makeActorContext(kernel, core.org, { actor, requestId: 'test', scopes: new Set() })
  const hidden: string[] = []
  let made = 0
  const context: ToolContext = {
    ctx,
    runId: 'run_01jb2m4k6q8r0s2t4v6w8x0y2z',
    step: 'a_step',
    attempt: 1,
    idempotencyKey: 'run_01jb2m4k6q8r0s2t4v6w8x0y2z/a_step',
    signal: new AbortController().signal,
    outside: localPolicy,
    scopes: new Set(),
    openConnection: (nameOrId) => openConnection(ctx, nameOrId),
    log: () => undefined,
  }
  const call: Tools['call'] = async (tool, args, change = {}) => {
    expect(findMismatch(tool.inputSchema, args as never)).toBeNull()
    const given = { ...context, ...change }
    const result = await tool.call(args, given).catch((error: unknown) => {
      throw explainFailure(error, given.signal).thrown
    })
    expect(findMismatch(tool.outputSchema ?? {}, result.output)).toBeNull()
    return result
  }
  return {
    core,
    call,
    async connect(settings) {
      hidden.push(...secretsIn(settings))
      made += 1
      return (await core.call('connections.create', { name: `made-${made}`, settings })).id
    },
    async failure(tool, args, change) {
      const error: unknown = await call(tool, args, change).then(
        () => new Error('It did not fail'),
        (reason: unknown) => reason,
      )
      if (!(error instanceof ToolError)) throw error
      const shown = `${error.stack} ${JSON.stringify(error.details)} ${String(error.cause)}`
      for (const secret of hidden) expect(shown).not.toContain(secret)
      return error
    },
    close: () => core.close(),
  }
}

function secretsIn(settings: ConnectionSettings): string[] {
  const kept = ['token', 'password', 'value', 'secret', 'apiKey']
  return Object.entries(settings).flatMap(([field, value]) => (kept.includes(field) && typeof value === 'string' ? [value] : []))
}
