/** Runs the binary as a process, for tests of its output, its refusals and its exit. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface Program {
  readonly child: ChildProcess
  out(): string
  err(): string
  /** The exit code; null if a signal killed it. */
  readonly ended: Promise<number | null>
  /** Resolves with the address once the program has printed it. Rejects if it exits before. */
  ready(): Promise<string>
  /** The key that the program printed, if any. */
  key(): string | undefined
}

export interface Channels {
  /** A file descriptor for standard error, instead of `err()`. */
  readonly stderr?: number
  /** Opens an IPC channel as well. */
  readonly ipc?: boolean
}

const running = new Set<ChildProcess>()

/** Starts the program. It inherits only PATH from the environment of this process. */
export function runProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}, channels: Channels = {}): Program {
  const child = spawn(process.execPath, ['--conditions=orrery-source', join(import.meta.dirname, '../main.ts'), ...args], {
    env: { PATH: process.env.PATH ?? '', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', channels.stderr ?? 'pipe', ...(channels.ipc ? ['ipc' as const] : [])],
  })
  running.add(child)
  let out = ''
  let err = ''
  const printed = Promise.withResolvers<string>()
  child.stdout?.on('data', (chunk) => {
    out += String(chunk)
    const url = /API +(http:\S+)\/api\/v1/.exec(out)?.[1]
    if (url !== undefined) printed.resolve(url)
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
    ready: () => Promise.race([printed.promise, ended.then((code) => Promise.reject(new Error(`the server exited with ${code}: ${err}`)))]),
    key: () => /orr_\w{8}_[\w-]{51}/.exec(out)?.[0],
  }
}

/** For `afterAll`: kills the programs that a failed test left running. */
export function killPrograms(): void {
  for (const child of running) child.kill('SIGKILL')
}
