// Starts the three servers that the peers need: one PostgreSQL, one Redis, one Restate. Each is started once for the whole
// run, on loopback and a free port, and makes every write durable before it acknowledges it.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { until } from './until.mjs'

const here = import.meta.dirname
const data = join(here, 'data')

/** The settings that differ from PostgreSQL's defaults. They are the same for every peer, including Orrery. */
export const POSTGRES_SETTINGS = {
  max_connections: '200',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  jit: 'off',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
}

export async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

function newFolder(name) {
  mkdirSync(data, { recursive: true })
  return mkdtempSync(join(data, `${name}-`))
}

async function stopProcess(child, signal, graceMs = 10_000) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await exited
  clearTimeout(timer)
}

// Without these handlers, a signal would end this process and leave its servers running.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130))

/** Kills the child when this process exits, unless it is ended by SIGKILL. */
function guard(child) {
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.removeListener('exit', kill))
  return child
}

/** Starts the project's own PostgreSQL. `settings` are added to POSTGRES_SETTINGS. The returned `url` is the superuser's. */
export async function startPostgres(settings = {}) {
  const { startPostgres: start } = await import('../packages/embedded-postgres/src/index.ts')
  const folder = newFolder('postgres')
  const server = await start({ dataDir: folder, port: await freePort(), settings: { ...POSTGRES_SETTINGS, ...settings } })
  const kill = () => process.kill(server.pid, 'SIGQUIT')
  process.once('exit', kill)
  const url = Object.assign(new URL(server.adminUrl), { pathname: '/postgres' }).href
  const [{ server_version: version }] = await query(url, 'show server_version')
  const stop = async () => {
    process.removeListener('exit', kill)
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { url, pid: server.pid, version, stop }
}

/** Starts Debian's redis-server with an append-only file that is synced at every write. Null if it is not installed. */
export async function startRedis() {
  const found = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  if (found.status !== 0) return null
  const folder = newFolder('redis')
  const port = await freePort()
  const flags = { port, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes', appendfsync: 'always' }
  const args = Object.entries(flags).flatMap(([key, value]) => [`--${key}`, String(value)])
  const child = guard(spawn('redis-server', args, { stdio: 'ignore' }))
  const { default: Redis } = await import('ioredis')
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50 })
  client.on('error', () => {}) // Connections are refused until the server listens; `ping` below waits for that.
  await until('Redis answers', 10_000, () => client.ping())
  client.disconnect()
  const stop = async () => {
    await stopProcess(child, 'SIGTERM')
    rmSync(folder, { recursive: true, force: true })
  }
  return { port, pid: child.pid, version: /v=(\S+)/.exec(found.stdout)?.[1] ?? '?', stop }
}

/** Starts Restate's server from npm with its default durability. Null if its package has no binary for this machine. */
export async function startRestate() {
  const binary = join(here, `node_modules/@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`)
  if (!existsSync(binary)) return null
  const folder = newFolder('restate')
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()]
  const env = {
    ...process.env,
    DO_NOT_TRACK: '1',
    RESTATE_DISABLE_TELEMETRY: 'true',
    RESTATE_LOG_FILTER: 'warn',
    RESTATE_DEFAULT_NUM_PARTITIONS: '4',
    RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
    RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
    RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
  }
  const log = openSync(join(folder, 'log'), 'a')
  const args = ['--base-dir', folder, '--node-name', 'n1', '--no-logo', '--listen-mode', 'tcp']
  const child = guard(spawn(binary, args, { stdio: ['ignore', log, log], env }))
  await until('Restate answers', 30_000, async () => (await fetch(`http://127.0.0.1:${admin}/health`)).ok)
  const stop = async () => {
    await stopProcess(child, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  return { ingress, admin, pid: child.pid, version: packageVersion('@restatedev/restate-server'), stop }
}

/** The version of a peer's package; null for Orrery, whose version is the commit. */
export function packageVersion(name) {
  if (name === null) return null
  return JSON.parse(readFileSync(join(here, 'node_modules', name, 'package.json'), 'utf8')).version
}

/** Runs one statement on a connection of its own. */
export async function query(url, text, values) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    await client.end()
  }
}

/** Creates an empty database with this name on the server of `url`, and returns its URL. */
export async function freshDatabase(url, name) {
  await query(url, `drop database if exists "${name}" with (force)`)
  await query(url, `create database "${name}"`)
  await query(url, 'checkpoint')
  return Object.assign(new URL(url), { pathname: `/${name}` }).href
}
