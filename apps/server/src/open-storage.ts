import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { coreMigrations } from '@orrery/core'
import { type EmbeddedPostgres, startPostgres } from '@orrery/embedded-postgres'
import { type AppliedMigration, engineMigrations, migrate } from '@orrery/engine/postgres'
import { explainData, explainDatabase, explainOwnDatabase, orExplain } from './cannot-start.ts'
import type { Config } from './config.ts'
import type { Logger } from './observe/logger.ts'
import type { Stops } from './stop-all.ts'

/** Starts the embedded PostgreSQL unless DATABASE_URL is set, and migrates the database. */
export async function openStorage(config: Config, data: string, log: Logger, stops: Stops, stopAsked: AbortSignal) {
  const postgres = config.databaseUrl === undefined ? await startEmbedded(data, log, stopAsked) : null
  if (postgres) stops.push(() => postgres.stop())
  const url = config.databaseUrl ?? postgres?.url ?? ''
  // Migration may have to wait for another server that is migrating, or for a database that does not answer.
  const migrating = () => unlessAborted(migrate(url, [engineMigrations, coreMigrations]), stopAsked)
  const migrated = await orExplain(migrating, (error) =>
    postgres === null ? explainDatabase(error, url) : explainOwnDatabase(error, data),
  )
  if (migrated.length > 0) log.info({ applied: listApplied(migrated) }, 'the database is migrated')
  return { url, migrated, embedded: postgres !== null }
}

/** `engine 1-9, core 3`. */
function listApplied(migrated: readonly AppliedMigration[]): string {
  const sets = new Map<string, number[]>()
  for (const { set, version } of migrated) sets.set(set, [...(sets.get(set) ?? []), version])
  return [...sets].map(([set, versions]) => `${set} ${[...new Set([versions[0], versions.at(-1)])].join('-')}`).join(', ')
}

/** What the start of the embedded PostgreSQL does. The first one takes some seconds. */
export function describeDatabaseStart(data: string): string {
  return existsSync(join(data, 'postgres')) ? 'starting PostgreSQL' : `first start: creating a database in ${data}`
}

async function startEmbedded(data: string, log: Logger, signal: AbortSignal): Promise<EmbeddedPostgres> {
  const dataDir = join(data, 'postgres')
  if (!existsSync(dataDir)) log.info({ data }, 'first start on this data folder: creating a database')
  const starting = () => startPostgres({ dataDir, log: (message) => log.info(`PostgreSQL: ${message}`), signal })
  const postgres = await orExplain(starting, (error) => explainData(error, data))
  postgres.onExit((reason) => {
    log.fatal({ reason }, 'PostgreSQL keeps failing; the server exits')
    process.exit(1)
  })
  return postgres
}

/** Rejects when `signal` fires. `work` itself is not cancelled: it ends when the process exits and its connection closes. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason as Error)
    signal.addEventListener('abort', giveUp, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
