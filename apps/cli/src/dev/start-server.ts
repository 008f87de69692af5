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
  /** No key of this installation is known here, so the server shall make one. */
  readonly needsKey: boolean
}

export interface Ready {
  readonly url: string
  /** A key that was just made, or null. */
  readonly key: string | null
}

export interface ServerProcess {
  readonly pid: number | undefined
  /** Null if it ended before it was ready. */
  readonly ready: Promise<Ready | null>
  /** In words, how it ended. */
  readonly exited: Promise<string>
  stop(): void
}

/** Runs the server beside this process. It tells over the channel when it is ready, and stops when the channel closes. */
export function startServer({ io, project, data, port, verbose, needsKey }: ServerRequest): ServerProcess {
  const args = ['--project', '.', '--watch', '--data', data, '--port', port, ...(needsKey ? ['--new-key'] : [])]
  const child = spawn(process.execPath, [...findServer(), ...args], {
    cwd: project,
    env: { ...process.env, ORRERY_LOG_FORMAT: 'pretty', ORRERY_LOG_LEVEL: io.env.ORRERY_LOG_LEVEL ?? (verbose ? 'info' : 'warn') },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A terminal's Ctrl-C reaches the whole group; the server shall hear of it once, from us.
    detached: process.platform !== 'win32',
  })
  // Its log. What it prints for a person who starts it by hand, with the key, is told over the channel instead.
  copyLines(child.stderr, io)
  child.send({ type: 'attach' }, () => {})
  return { pid: child.pid, ready: whenReady(child), exited: whenExited(child), stop: () => void child.kill('SIGTERM') }
}

function copyLines(stream: Readable | null, io: Io): void {
  if (stream !== null) createInterface({ input: stream }).on('line', (line) => io.err(`${line}\n`))
}

function whenReady(child: ChildProcess): Promise<Ready | null> {
  return new Promise((resolve) => {
    child.on('message', (message) => {
      if (isReady(message)) resolve({ url: message.url, key: message.key ?? null })
    })
    child.once('exit', () => resolve(null))
    child.once('error', () => resolve(null))
  })
}

function isReady(message: unknown): message is { type: 'ready'; url: string; key?: string | null } {
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
    child.once('exit', (code, signal) => resolve(signal === null ? `it ended with status ${code}` : `it was ended by ${signal}`))
  })
}
