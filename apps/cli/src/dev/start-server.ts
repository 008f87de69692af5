import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Io } from '../io.ts'
import { findServer } from './find-server.ts'

export interface ServerRequest {
  readonly io: Io
  readonly project: string
  readonly data: string
  readonly port: string
  readonly verbose: boolean
  /** True if no key of this installation is stored, so that the server must create one. */
  readonly needsKey: boolean
  /** A line that the server wrote to its log. */
  readonly onLog: (line: string) => void
  /** News of the project: `ProjectNews` of the server. */
  readonly onNews: (news: unknown) => void
}

export interface Ready {
  readonly url: string
  /** The key that this start created, or null. */
  readonly key: string | null
  /** The link that makes the first person, or null. */
  readonly setup: string | null
}

export interface ServerProcess {
  readonly pid: number | undefined
  /** Resolves with null if the process exits before it is ready. */
  readonly ready: Promise<Ready | null>
  /** Resolves with a description of how the process exited. */
  readonly exited: Promise<string>
  stop(): void
}

/** Starts the server as a child process. It reports over the IPC channel when it is ready, and stops when the channel closes. */
export function startServer({ io, project, data, port, verbose, needsKey, onLog, onNews }: ServerRequest): ServerProcess {
  const args = ['--project', '.', '--watch', '--data', data, '--port', port, ...(needsKey ? ['--new-key'] : [])]
  // With source maps, errors name the files and lines that the author of a workflow knows.
  const child = spawn(process.execPath, [...findServer(), ...args], {
    cwd: project,
    env: { ...process.env, ORRERY_LOG_FORMAT: 'json', ORRERY_LOG_LEVEL: io.env.ORRERY_LOG_LEVEL ?? (verbose ? 'info' : 'warn') },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // Its own process group, because a terminal sends Ctrl-C to the whole group. The server gets one signal, from this process.
    detached: process.platform !== 'win32',
  })
  // Shows only the log. Standard output, where the server prints its addresses and key, is ignored: the IPC channel carries them.
  readLines(child.stderr, onLog)
  child.on('message', (message) => {
    if (isNews(message)) onNews(message.news)
  })
  child.send({ type: 'attach' }, () => {})
  return { pid: child.pid, ready: whenReady(child), exited: whenExited(child), stop: () => void child.kill('SIGTERM') }
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', onLine)
}

function isNews(message: unknown): message is { news: unknown } {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'news' && 'news' in message
}

function whenReady(child: ChildProcess): Promise<Ready | null> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (isReady(message)) resolve({ url: message.url, key: message.key ?? null, setup: message.setup ?? null })
    })
    child.once('exit', () => resolve(null))
    child.once('error', () => resolve(null))
  })
}

function isReady(message: unknown): message is { type: 'ready'; url: string; key?: string | null; setup?: string | null } {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    message.type === 'ready' &&
    'url' in message &&
    typeof message.url === 'string'
  )
}

function whenExited(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal === null ? `exited with status ${code}` : `killed by ${signal}`))
  })
}
