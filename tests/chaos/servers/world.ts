/** Two product servers on one PostgreSQL, each behind a network of its own and with a clock that is two hours wrong. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { killPrograms, type Program, runProgram } from '../../../apps/server/src/testing/run-program.fixture.ts'
import { type EmbeddedPostgres, startPostgres } from '../../../packages/embedded-postgres/src/start-postgres.ts'
import { processesOf } from '../../e2e/processes.ts'
import { clockShift } from '../../support/clock-shift.ts'
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from '../../support/small-disk.ts'
import { openTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'

const HOUR_MS = 3_600_000
const CLOCKS_MS = [2 * HOUR_MS, -2 * HOUR_MS] as const
/** Enough for both servers, and few enough to use up. */
const CONNECTIONS = 100
const PROJECT = join(import.meta.dirname, '../fixtures/server-project')

export interface Server {
  readonly name: string
  readonly url: string
  readonly program: Program
  readonly network: TcpProxy
}

export interface World {
  readonly servers: readonly [Server, Server]
  readonly key: string
  /** Where steps leave a line for each time that their body ran. */
  readonly receipts: string
  /** Null: none can be mounted here. */
  readonly disk: SmallDisk | null
  /** The superuser's connections, beside the networks. */
  readonly admin: pg.Pool
  readonly adminUrl: string
  /** Stops all processes of PostgreSQL by SIGSTOP. The returned function continues them. */
  stopPostgres(): () => void
  close(): Promise<void>
}

/** @param diskBytes the size of the database's disk */
export async function openWorld(diskBytes: number): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'orrery-servers-'))
  const disk = whyNoSmallDisk() === null ? mountSmallDisk(diskBytes) : null
  const dataDir = join(disk?.folder ?? folder, 'database')
  const closing: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }), () => disk?.unmount()]
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  try {
    const settings = { max_connections: CONNECTIONS, max_wal_size: '96MB', min_wal_size: '32MB' }
    const postgres: EmbeddedPostgres = await startPostgres({ dataDir, settings })
    closing.push(() => postgres.stop())
    const admin = new pg.Pool({ connectionString: postgres.adminUrl, max: 3 })
    admin.on('error', () => undefined)
    admin.on('connect', (client) => client.on('error', () => undefined))
    closing.push(() => admin.end())
    closing.push(killPrograms)
    const data = join(folder, 'data')
    const first = await startServer(postgres.url, data, 0, closing)
    const second = await startServer(postgres.url, data, 1, closing)
    return {
      servers: [first, second],
      key: first.program.key() ?? '',
      receipts: join(folder, 'receipts.txt'),
      disk,
      admin,
      adminUrl: postgres.adminUrl,
      stopPostgres: () => stopAll(dataDir, postgres.pid),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function startServer(databaseUrl: string, data: string, at: 0 | 1, closing: (() => unknown)[]): Promise<Server> {
  const network = await openTcpProxy(databaseUrl)
  closing.push(() => network.close())
  const settings = { DATABASE_URL: network.url, ORRERY_LOG_LEVEL: 'warn', ORRERY_LOG_FORMAT: 'json' }
  const program = runProgram(['--data', data, '--project', PROJECT], { ...settings, ...clockShift(CLOCKS_MS[at]) })
  return { name: `server ${at + 1}`, url: await program.ready(), program, network }
}

/** The postmaster first: it then starts no process that would not be stopped. */
function stopAll(dataDir: string, postmaster: number): () => void {
  process.kill(postmaster, 'SIGSTOP')
  const others = processesOf(dataDir).filter(({ pid }) => pid !== postmaster)
  for (const { pid } of others) signal(pid, 'SIGSTOP')
  return () => {
    for (const pid of [...others.map(({ pid: one }) => one), postmaster]) signal(pid, 'SIGCONT')
  }
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    // It has ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
