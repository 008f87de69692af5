/** The core without faces, workers and loops, on an existing database. Nothing happens but the calls of the test. */
import { inspect } from 'node:util'
import type { OperationName } from '@orrery/contract'
import { createEngine } from '@orrery/engine'
import { createPostgresStore } from '@orrery/engine/postgres'
import type { Feature } from '../../packages/core/src/feature.ts'
import { createFeatures } from '../../packages/core/src/features.ts'
import { type Core, createCore } from '../../packages/core/src/index.ts'
import {
  type Answer,
  auditCompanion,
  createDatabase,
  type Database,
  engineRules,
  type Log,
  makeSecretKey,
  makeSigningKey,
  readAuditKeys,
  readSecretKeys,
  readTokenKeys,
  type SecretKeys,
  type Transaction,
} from '../../packages/kernel/src/index.ts'

export interface QuietCore {
  /** Throws a problem as ProblemError. */
  call(name: OperationName, input: unknown, how: Calling): Promise<Answer>
  readonly receiveWebhook: Core['receiveWebhook']
  /** For tests that do the work of the loops. */
  readonly features: readonly Feature[]
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
  readonly onLog?: (line: string, level: LogLevel) => void
  /** Receives the rows of each query that is made in a transaction of an organization. */
  readonly onRows?: (rows: readonly object[]) => void
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export function openQuietCore(
  url: string,
  { secrets = readSecretKeys(makeSecretKey()), onLog = () => {}, onRows = () => {} }: QuietCoreOptions = {},
): QuietCore {
  const store = createPostgresStore({ url, poolMax: 3, companions: { [auditCompanion.table]: auditCompanion } })
  const engine = createEngine({ store, notifier: store.notifier, ...engineRules })
  const database = watchRows(createDatabase({ url, poolMax: 5 }), onRows)
  const core = createCore({
    database,
    engine,
    notifier: null,
    log: logTo(onLog),
    version: '0.0.0-test',
    audit: readAuditKeys(makeSigningKey()),
    secrets,
    tokens: readTokenKeys(makeSigningKey()),
    checkOutputs: true,
    isMcpStdioAllowed: true,
  })
  const features = createFeatures(core.kernel, { relay: null, observeFirings: () => {} })
  return {
    receiveWebhook: core.receiveWebhook,
    features,
    call: (name, input, { credential, idempotencyKey = null, requestId = 'quiet' }: Loose) =>
      core.call(name, { credential, idempotencyKey, requestId, traceId: null, face: 'test' }, input),
    async close() {
      await Promise.all([core.stop(), ...features.map((feature) => feature.stop?.())])
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

/** Reports of loops cross all organizations, so only transactions of one organization are watched. */
function watchRows(database: Database, onRows: (rows: readonly object[]) => void): Database {
  const watched = (tx: Transaction): Transaction => ({
    ...tx,
    async rows<Row extends object>(statement: Parameters<Transaction['rows']>[0]) {
      const rows = await tx.rows<Row>(statement)
      onRows(rows)
      return rows
    },
    async row<Row extends object>(statement: Parameters<Transaction['row']>[0]) {
      const row = await tx.row<Row>(statement)
      onRows(row === undefined ? [] : [row])
      return row
    },
  })
  return {
    ...database,
    transaction: (org, mode, work) => database.transaction(org, mode, (tx) => work(watched(tx))),
    report: (org, work) => database.report(org, (tx) => work(watched(tx))),
  }
}

function logTo(onLog: (line: string, level: LogLevel) => void): Log {
  const write = (level: LogLevel) => (fields: object, message: string) => onLog(`${message} ${inspect(fields, { depth: 10 })}`, level)
  const child = (fields: object) => {
    onLog(inspect(fields, { depth: 10 }), 'debug')
    return log
  }
  const log: Log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error'), child }
  return log
}
