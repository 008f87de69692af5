/** The core without faces, workers and loops, on an existing database. Nothing happens but the calls of the test. */
import { inspect } from 'node:util'
import type { OperationName } from '@orrery/contract'
import { createEngine } from '@orrery/engine'
import { createPostgresStore } from '@orrery/engine/postgres'
import {
  type Answer,
  auditCompanion,
  type Core,
  type CoreEngine,
  createCore,
  createDatabase,
  type Database,
  type Log,
  makeAuditKey,
  makeSecretKey,
  makeTokenKey,
  publicIds,
  readAuditKeys,
  readSecretKeys,
  readTokenKeys,
  type SecretKeys,
} from '../../packages/core/src/index.ts'

export interface QuietCore {
  /** Throws a problem as ProblemError. */
  call(name: OperationName, input: unknown, how: Calling): Promise<Answer>
  readonly receiveWebhook: Core['receiveWebhook']
  /** For tests that do the work of a loop. */
  readonly host: { readonly database: Database; readonly engine: CoreEngine; readonly log: Log; readonly announce: () => void }
  close(): Promise<void>
}

export interface Calling {
  /** A key or a token. */
  readonly credential: string
  readonly idempotencyKey?: string
  readonly requestId?: string
}

export interface QuietCoreOptions {
  readonly secrets?: SecretKeys
  /** Receives each log line of any level. */
  readonly onLog?: (line: string) => void
}

export function openQuietCore(
  url: string,
  { secrets = readSecretKeys(makeSecretKey()), onLog = () => {} }: QuietCoreOptions = {},
): QuietCore {
  const store = createPostgresStore({ url, poolMax: 3, companions: { [auditCompanion.table]: auditCompanion } })
  const engine = createEngine({ store, notifier: store.notifier, ids: publicIds })
  const database = createDatabase({ url, poolMax: 5 })
  const log = logTo(onLog)
  const core = createCore({
    database,
    engine,
    notifier: null,
    log,
    version: '0.0.0-test',
    audit: readAuditKeys(makeAuditKey()),
    secrets,
    tokens: readTokenKeys(makeTokenKey()),
    checkOutputs: true,
    isMcpStdioAllowed: true,
  })
  return {
    receiveWebhook: core.receiveWebhook,
    host: { database, engine, log, announce: () => {} },
    call: (name, input, { credential, idempotencyKey = null, requestId = 'quiet' }: Loose) =>
      core.call(name, { credential, idempotencyKey, requestId, traceId: null, face: 'test' }, input),
    async close() {
      await core.stop()
      await engine.close()
      await database.close()
    },
  }
}

interface Loose {
  readonly credential: string
  readonly idempotencyKey?: string | null
  readonly requestId?: string
}

function logTo(onLog: (line: string) => void): Log {
  const write = (fields: object, message: string) => onLog(`${message} ${inspect(fields, { depth: 10 })}`)
  const child = (fields: object) => {
    onLog(inspect(fields, { depth: 10 }))
    return log
  }
  const log: Log = { debug: write, info: write, warn: write, error: write, child }
  return log
}
