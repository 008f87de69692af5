/** The server process, from its start to its exit. */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { type Cluster, superuser } from './cluster.ts'
import { executable } from './native-folder.ts'
import { type Address, connectionUrl, type Settings, serverArguments } from './settings.ts'
import { folderSeenBy, lastLines, spawnAs } from './spawn-as.ts'

const READY_POLL_MS = 20
/** Recovery after a crash reads the log since the last checkpoint. It takes seconds; `max_wal_size` keeps it below minutes. */
const READY_TIMEOUT_MS = 300_000
const FAST_SHUTDOWN_MS = 20_000
const IMMEDIATE_SHUTDOWN_MS = 10_000

export interface Postmaster {
  readonly pid: number
  /** Resolves with the reason when the process has ended. */
  readonly exited: Promise<string>
  /** Fast shutdown: disconnects clients and writes a checkpoint. Uses stronger signals if that takes too long. */
  stop(): Promise<void>
}

/** Starts the server and waits until it accepts connections. If the signal is aborted first, stops it again. */
export async function startPostmaster(cluster: Cluster, address: Address, settings: Settings, signal?: AbortSignal): Promise<Postmaster> {
  const child = spawnAs({
    program: join(cluster.native, 'bin', executable('postgres')),
    args: ['-D', folderSeenBy(cluster.identity, cluster.data), ...serverArguments(address, cluster.name, settings)],
    identity: cluster.identity,
    folder: cluster.data,
    logFile: cluster.logFile,
    detached: true,
  })
  const exited = new Promise<string>((settle) => {
    child.once('error', (error) => settle(error.message))
    child.once('exit', (code, signal) => settle(signal ?? `exit code ${code}`))
  })
  // If this process ends without `stop` (an uncaught error, process.exit), the server is stopped too. After SIGKILL, `clearLeftovers` does
  // it.
  const stopWithParent = () => child.kill('SIGINT')
  process.once('exit', stopWithParent)
  void exited.then(() => process.off('exit', stopWithParent))
  const postmaster = { pid: child.pid ?? 0, exited, stop: () => stop(child, exited) }
  try {
    await waitUntilReady(cluster, address, exited, signal)
  } catch (cause) {
    await postmaster.stop()
    throw cause
  }
  return postmaster
}

async function waitUntilReady(cluster: Cluster, address: Address, exited: Promise<string>, signal?: AbortSignal): Promise<void> {
  const url = connectionUrl(address, superuser, cluster.secret.adminPassword, 'postgres')
  const deadline = performance.now() + READY_TIMEOUT_MS
  let reason: string | undefined
  void exited.then((why) => {
    reason = why
  })
  for (;;) {
    signal?.throwIfAborted()
    const answer = await tryToConnect(url)
    if (answer === 'ready') return
    if (reason !== undefined) throw new Error(`PostgreSQL ended during its start (${reason}):\n${lastLines(cluster.logFile)}`)
    if (answer !== 'not yet') throw answer
    if (performance.now() > deadline) throw new Error(`PostgreSQL was not ready after ${READY_TIMEOUT_MS} ms: see ${cluster.logFile}`)
    await delay(READY_POLL_MS)
  }
}

// The server is not listening yet, or reports that it is starting, recovering or shutting down.
const NOT_READY_CODES = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P03']

async function tryToConnect(url: string): Promise<'ready' | 'not yet' | Error> {
  const client = new pg.Client({ connectionString: url })
  // After a failed start node-postgres may report the end of the connection again, as an event.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return 'ready'
  } catch (cause) {
    const error = cause as Error & { code?: string }
    return NOT_READY_CODES.includes(error.code ?? '') || error.message.includes('Connection terminated') ? 'not yet' : error
  }
}

async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  const steps: [NodeJS.Signals, number][] = [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS],
  ]
  for (const [signal, waitMs] of steps) {
    child.kill(signal)
    if (await endsWithin(exited, waitMs)) return
  }
  child.kill('SIGKILL')
  await exited
}

async function endsWithin(exited: Promise<string>, waitMs: number): Promise<boolean> {
  const timer = new AbortController()
  const ended = await Promise.race([exited.then(() => true), delay(waitMs, false, { signal: timer.signal }).catch(() => false)])
  timer.abort()
  return ended
}
