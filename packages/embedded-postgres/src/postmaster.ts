/** One life of the server process: from the spawn to its exit. */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { type Cluster, superuser } from './cluster.ts'
import { executable } from './native-folder.ts'
import { type Address, connectionUrl, type Settings, serverArguments } from './settings.ts'
import { folderSeenBy, lastLines, spawnAs } from './spawn-as.ts'

const readyPollMs = 20
/** Recovery after a crash reads the log since the last checkpoint: seconds, with `max_wal_size` never many minutes. */
const readyTimeoutMs = 300_000
const fastShutdownMs = 20_000
const immediateShutdownMs = 10_000

export interface Postmaster {
  readonly pid: number
  /** Settles when the process has ended, with the reason. */
  readonly exited: Promise<string>
  /** Fast shutdown (clients are disconnected, a checkpoint is written), harder if it takes too long. */
  stop(): Promise<void>
}

/** Starts the server and waits until it answers, or until the signal fires: then it is stopped again. */
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
  // Our own sudden end without `stop` (an uncaught error, process.exit) must not leave a server behind. SIGKILL does: `clearLeftovers`.
  const takeAlong = () => child.kill('SIGINT')
  process.once('exit', takeAlong)
  void exited.then(() => process.off('exit', takeAlong))
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
  const deadline = performance.now() + readyTimeoutMs
  let reason: string | undefined
  void exited.then((why) => {
    reason = why
  })
  for (;;) {
    signal?.throwIfAborted()
    const answer = await tryToConnect(url)
    if (answer === 'ready') return
    if (reason !== undefined) throw new Error(`PostgreSQL ended at its start (${reason}):\n${lastLines(cluster.logFile)}`)
    if (answer !== 'not yet') throw answer
    if (performance.now() > deadline) throw new Error(`PostgreSQL was not ready after ${readyTimeoutMs} ms: see ${cluster.logFile}`)
    await delay(readyPollMs)
  }
}

// Nobody listens yet, or the server says that it is starting, recovering or shutting down.
const notYet = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', '57P03']

async function tryToConnect(url: string): Promise<'ready' | 'not yet' | Error> {
  const client = new pg.Client({ connectionString: url })
  // After a failed start node-postgres may report the end of the connection a second time, as an event.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.end()
    return 'ready'
  } catch (cause) {
    const error = cause as Error & { code?: string }
    return notYet.includes(error.code ?? '') || error.message.includes('Connection terminated') ? 'not yet' : error
  }
}

async function stop(child: ChildProcess, exited: Promise<string>): Promise<void> {
  const steps: [NodeJS.Signals, number][] = [
    ['SIGINT', fastShutdownMs],
    ['SIGQUIT', immediateShutdownMs],
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
