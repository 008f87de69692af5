/** The binary as a process, for tests of what it prints, what it refuses and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface Program {
  readonly child: ChildProcess
  out(): string
  err(): string
  /** Exit code; null if a signal ended it. */
  readonly ended: Promise<number | null>
  /** Where it listens, when it has said so. Fails if it ends instead. */
  ready(): Promise<string>
  /** The key it showed, if it showed one. */
  key(): string | undefined
}

export interface Channels {
  /** A descriptor for its errors and log instead of `err()`. */
  readonly stderr?: number
  /** A channel for messages as well. */
  readonly ipc?: boolean
}

const running = new Set<ChildProcess>()

/** Gets nothing of this process's environment but the path. */
export function runProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}, channels: Channels = {}): Program {
  const child = spawn(process.execPath, ['--conditions=orrery-source', join(import.meta.dirname, '../main.ts'), ...args], {
    env: { PATH: process.env.PATH ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', channels.stderr ?? 'pipe', ...(channels.ipc ? ['ipc' as const] : [])],
  })
  running.add(child)
  let out = ''
  let err = ''
  const told = Promise.withResolvers<string>()
  child.stdout?.on('data', (chunk) => {
    out += String(chunk)
    const url = /API +(http:\S+)\/api\/v1/.exec(out)?.[1]
    if (url !== undefined) told.resolve(url)
  })
  child.stderr?.on('data', (chunk) => (err += String(chunk)))
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child)
    return code as number | null
  })
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    ready: () => Promise.race([told.promise, ended.then((code) => Promise.reject(new Error(`it ended with ${code}: ${err}`)))]),
    key: () => /orr_\w{8}_[\w-]{43}/.exec(out)?.[0],
  }
}

/** For `afterAll`: what a failed test has left behind. */
export function killPrograms(): void {
  for (const child of running) child.kill('SIGKILL')
}
