/** Debian's package of PostgreSQL 15, the oldest version that is supported for `DATABASE_URL`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

const programs = '/usr/lib/postgresql/15/bin'

export interface DebianPostgres {
  /** The superuser on database `postgres`. */
  readonly adminUrl: string
  stop(): Promise<void>
}

/** Tests that need this server use `describe.runIf(hasDebianPostgres())`, so that they are skipped where it is not installed. */
export const hasDebianPostgres = (): boolean => Boolean(process.env.ORRERY_TEST_POSTGRES_15) || existsSync(join(programs, 'postgres'))

/** Starts a server in a temporary folder, or uses the running server that `ORRERY_TEST_POSTGRES_15` (an admin URL) names. */
export async function startDebianPostgres(): Promise<DebianPostgres> {
  const running = process.env.ORRERY_TEST_POSTGRES_15
  if (running) return { adminUrl: running, stop: async () => undefined }
  const folder = mkdtempSync(join(tmpdir(), 'orrery-pg15-'))
  const identity = process.getuid?.() === 0 ? packageAccount() : undefined
  if (identity) chownSync(folder, identity.uid, identity.gid)
  const data = join(folder, 'data')
  execFileSync(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'], {
    ...identity,
    cwd: '/',
    stdio: 'pipe',
  })
  const log = openSync(join(folder, 'log'), 'a')
  const args = [
    '-D',
    data,
    '-c',
    'listen_addresses=',
    '-c',
    `unix_socket_directories=${folder}`,
    '-c',
    'fsync=off',
    '-c',
    'max_connections=200',
  ]
  const server = spawn(join(programs, 'postgres'), args, { ...identity, cwd: '/', stdio: ['ignore', log, log] })
  closeSync(log)
  const adminUrl = `postgres://postgres@${encodeURIComponent(folder)}:5432/postgres`
  await waitUntilReady(server, adminUrl, join(folder, 'log'))
  return { adminUrl, stop: () => stop(server, folder) }
}

/** The account that Debian's package creates. */
function packageAccount(): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):(\d+):/m)
  if (!line) throw new Error('PostgreSQL 15 is installed but there is no account "postgres"')
  return { uid: Number(line[1]), gid: Number(line[2]) }
}

async function waitUntilReady(server: ChildProcess, url: string, log: string): Promise<void> {
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    const failure = await client.connect().then(
      () => undefined,
      (error: Error) => error,
    )
    if (!failure) return await client.end()
    if (server.exitCode !== null)
      throw new Error(`PostgreSQL 15 exited while it was starting: ${readFileSync(log, 'utf8')}`, { cause: failure })
    await delay(20)
  }
}

async function stop(server: ChildProcess, folder: string): Promise<void> {
  server.kill('SIGINT')
  if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
  rmSync(folder, { recursive: true, force: true })
}
