import { defineOperation, type Operation, PERMISSIONS, problem } from '@orrery/contract'
import type { Caller } from '@orrery/kernel'
import { Hono } from 'hono'
import { z } from 'zod'
import { type AppParts, createApp } from '../app.ts'
import type { Backend } from '../backend.ts'
import type { ServerEnv } from '../http/request-info.ts'
import { createLogger } from '../observe/logger.ts'
import { createMetrics } from '../observe/metrics.ts'

/** Operations that are not part of the contract, as a newcomer would write them. Each answers with its parsed input. */
export const echoGet = defineOperation({
  name: 'echoes.get',
  summary: 'Hear an echo',
  input: z.strictObject({
    echoId: z.string(),
    count: z.number().int().optional(),
    loud: z.boolean().default(false),
    tags: z.array(z.string()).optional(),
  }),
  output: z.object({ heard: z.unknown() }),
  problems: ['not_found'],
  permission: 'runs:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/echoes/{echoId}' },
  mcp: { tool: 'echo_get' },
})

export const echoMake = defineOperation({
  name: 'echoes.make',
  summary: 'Make an echo',
  input: z.strictObject({ echoId: z.string(), words: z.array(z.string()).min(1), extra: z.unknown().optional() }),
  output: z.object({ heard: z.unknown() }),
  problems: [],
  permission: 'runs:write',
  effect: 'write',
  idempotent: false,
  http: { method: 'POST', path: '/echoes/{echoId}', status: 201 },
  mcp: { tool: 'echo_make', destructive: true },
})

export const KEY = `orr_abcdefgh_${'A'.repeat(43)}`

export interface EchoServer {
  readonly app: ReturnType<typeof createApp>
  readonly backend: Backend
  /** The callers of all operation calls, in order. */
  readonly asked: Caller[]
  /** Everything that was logged. */
  log(): string
  fetch(path: string, init?: RequestInit): Promise<Response>
}

/** All faces on a registry of test operations, without a database. */
export function createEchoServer(
  operations: readonly Operation[] = [echoGet, echoMake],
  hosts: Partial<AppParts['hosts']> = {},
): EchoServer {
  let lines = ''
  const asked: Caller[] = []
  const backend: Backend = {
    operations,
    log: createLogger({ level: 'trace', format: 'json', destination: { write: (line) => void (lines += line) } }),
    metrics: createMetrics(),
    maxBodyBytes: 1024,
    publicUrl: () => 'http://localhost',
    oauth: () => null,
    version: '0.0.0',
    identifyAny: () => Promise.reject(problem('unauthenticated', 'There are no tokens.')),
    limitLogin: (_, attempt) => attempt(),
    tokenKey: { kid: 'test', use: 'sig', alg: 'EdDSA' },
    identify: async (caller) => {
      if (caller.credential !== KEY) throw problem('unauthenticated', 'Send a valid API key.')
      return {
        actor: { type: 'api_key', id: 'key_1', name: 'test' },
        org: '00000000-0000-0000-0000-000000000001',
        permissions: new Set(PERMISSIONS),
      }
    },
    call: async (name, caller, input) => {
      asked.push(caller)
      if (caller.credential !== KEY) throw problem('unauthenticated', 'Send a valid API key.')
      const operation = operations.find((one) => one.name === name)
      const read = operation?.input.safeParse(typeof input === 'function' ? await input() : input)
      if (!read?.success) {
        const errors = (read?.error.issues ?? []).map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
        throw problem('invalid_input', 'The input is not valid.', { errors })
      }
      const echoId = read.data.echoId
      if (echoId === 'none') throw problem('not_found', 'There is no such echo.')
      if (echoId === 'busy') throw problem('rate_limited', 'Slowly.', { retryAfterMs: 1500 })
      if (echoId === 'broken') throw new Error('hunter2 was in the way')
      return { status: operation?.http.status ?? 200, output: { heard: read.data }, replayed: caller.idempotencyKey === 'seen' }
    },
  }
  const app = createApp({
    backend,
    events: async () => new Response(null),
    receiveWebhook: async () => ({ firingId: null }),
    health: { stage: () => 'ready', checks: {}, metrics: 'local' },
    people: new Hono<ServerEnv>(),
    mailbox: new Hono<ServerEnv>(),
    answers: true,
    hosts: { allowedHosts: [], publicUrl: undefined, corsOrigins: [], trustedProxies: [], ...hosts },
  })
  return {
    app,
    backend,
    asked,
    log: () => lines,
    fetch: async (path, init = {}) =>
      await app.request(`http://localhost${path}`, {
        ...init,
        headers: { authorization: `Bearer ${KEY}`, ...(init.headers as Record<string, string>) },
      }),
  }
}
