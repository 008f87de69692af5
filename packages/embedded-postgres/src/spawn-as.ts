/** Starts PostgreSQL's programs with another identity, in a data folder whose parent folders that identity may not enter. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { Identity } from './identity.ts'

/** Fixed and small: variables of the parent (PGHOST, LD_PRELOAD, a locale that is not installed) must not reach the server. */
const environment = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin', ...(process.platform === 'win32' ? process.env : {}) }

const passesFolderByDescriptor = (identity: Identity): boolean => identity !== undefined && process.platform === 'linux'

/**
 * The path by which a child refers to the data folder. With root, the folder is often inside a private home that the child's identity
 * cannot traverse, so on Linux this process opens it and the child inherits it as descriptor 3.
 */
export const folderSeenBy = (identity: Identity, folder: string): string =>
  passesFolderByDescriptor(identity) ? '/proc/self/fd/3' : folder

export interface SpawnRequest {
  readonly program: string
  readonly args: readonly string[]
  readonly identity: Identity
  /** Inherited as descriptor 3; refer to it with `folderSeenBy`. */
  readonly folder?: string
  /** Output and errors are appended here. */
  readonly logFile: string
  /** A separate process group: Ctrl-C in a terminal must reach this process, which drains the clients first, and not PostgreSQL. */
  readonly detached?: boolean
}

export function spawnAs(request: SpawnRequest): ChildProcess {
  const { identity, folder } = request
  const log = openSync(request.logFile, 'a', 0o600)
  const inherited = folder !== undefined && passesFolderByDescriptor(identity) ? openSync(folder, 'r') : undefined
  try {
    return spawn(request.program, request.args, {
      ...identity,
      cwd: '/',
      env: environment,
      detached: request.detached ?? false,
      windowsHide: true,
      stdio: ['ignore', log, log, ...(inherited === undefined ? [] : [inherited])],
    })
  } finally {
    closeSync(log)
    if (inherited !== undefined) closeSync(inherited)
  }
}

/** Runs a program until it ends. `failed` is the reason if it did not succeed. */
export function runAs(request: SpawnRequest): Promise<{ readonly failed?: string }> {
  return new Promise((settle) => {
    const child = spawnAs(request)
    child.once('error', (error) => settle({ failed: error.message }))
    child.once('exit', (code, signal) => settle(code === 0 ? {} : { failed: signal ?? `exit code ${code}` }))
  })
}

/** The last lines of a log, for an error message. */
export function lastLines(file: string, count = 12): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
}
