/** A PostgreSQL of the test's own, prepared and ready to be killed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createEngine } from '@orrery/engine'
import { buildBundle } from '@orrery/engine/bundle'
import { createPostgresStore, engineMigrations, migrate } from '@orrery/engine/postgres'
import pg from 'pg'
import { startPostgres } from '../../packages/embedded-postgres/src/start-postgres.ts'
import type { SmallDisk } from '../support/small-disk.ts'
import { isPassing } from './fixtures/outside.ts'

export const ORG = '01900000-0000-7000-8000-0000000c4a05'

const POLL_MS = 25

export interface ChaosDatabase {
  /** The URL that the engine's processes use. Its login is not a superuser. */
  readonly url: string
  /** For other files that must be deleted together with the database. */
  readonly folder: string
  /** The superuser's connections. A query fails if its connection breaks; `patiently` repeats it. */
  readonly pool: pg.Pool
  patiently<T>(work: () => Promise<T>): Promise<T>
  /**
   * Sends SIGKILL to the server and all of its processes, then waits until the supervisor has restarted it. Returns how many ms it did not
   * answer.
   */
  kill(): Promise<number>
  /** Stops the server and all of its processes with SIGSTOP. The returned function continues them. */
  freeze(): () => void
  /**
   * No byte is left on the server's disk for this long; then waits until the server answers. `log`: the server's log needs a new file
   * meanwhile, which ends the server.
   */
  fillDisk(ms: number, log: boolean): Promise<void>
  stop(): Promise<void>
}

/** A migrated database with the fixtures deployed and all writes under audit. `disk`: where its files are, if that disk is to be filled. */
export async function startDatabase(disk?: SmallDisk): Promise<ChaosDatabase> {
  const dataDir = mkdtempSync(join(disk?.folder ?? tmpdir(), 'orrery-chaos-'))
  const server = await startPostgres({ dataDir, settings: { max_connections: 300, max_wal_size: '256MB' } })
  const pool = new pg.Pool({ connectionString: server.adminUrl, max: 6 })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  const stop = async () => {
    await pool.end()
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    await prepare(server.url, pool)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: server.url,
    folder: dataDir,
    pool,
    patiently,
    kill: async () => {
      const begun = performance.now()
      killTree(server.pid)
      await patiently(() => pool.query('select 1'))
      return performance.now() - begun
    },
    freeze: () => {
      const { pid } = server
      // It starts no more children then.
      signal(pid, 'SIGSTOP')
      const all = [pid, ...childrenOf(pid)]
      for (const each of all) signal(each, 'SIGSTOP')
      return () => {
        for (const each of all) signal(each, 'SIGCONT')
      }
    },
    fillDisk: async (ms, log) => {
      if (disk === undefined) throw new Error('the disk of this database cannot be filled')
      disk.fill()
      // The connection may end before it answers.
      if (log) await pool.query('select pg_switch_wal()').catch(() => undefined)
      await delay(ms)
      disk.free()
      await patiently(() => pool.query('select 1'))
    },
    stop,
  }
}

async function prepare(url: string, pool: pg.Pool): Promise<void> {
  await migrate(url, [engineMigrations])
  await pool.query(`do $$ begin execute format('alter database %I set chaos.org = %L', current_database(), '${ORG}'); end $$`)
  await pool.query(readFileSync(join(import.meta.dirname, 'audit.sql'), 'utf8'))
  const store = createPostgresStore({ url })
  const engine = createEngine({ store, notifier: store.notifier })
  const root = join(import.meta.dirname, 'fixtures')
  await engine.deploy(ORG, await buildBundle({ entries: ['workflows.ts'], root }))
  await engine.close()
}

/**
 * Kills the postmaster first, because it would clean up after its children. Finds the children before that, while they still have this
 * parent.
 */
function killTree(postmaster: number): void {
  for (const pid of [postmaster, ...childrenOf(postmaster)]) signal(pid, 'SIGKILL')
}

const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === parent)
    .map(Number)

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    // The process has already ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function parentOf(pid: string): number | undefined {
  try {
    // The second field, the name, may contain any character. The state and the parent follow its closing parenthesis.
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    )
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isPassing(error)) throw error
      await delay(POLL_MS)
    }
  }
}
