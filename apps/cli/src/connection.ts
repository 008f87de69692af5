import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Client, type ClientOptions, createClient } from '@orrery/client'
import { type Io, UsageError } from './io.ts'
import { shown } from './shown.ts'

const DEFAULT_URL = 'http://127.0.0.1:8787'

export interface Connection {
  readonly url: string
  readonly key: string | null
  /** Where the key was found, for `orrery doctor`. */
  readonly source: string
}

export interface ConnectionFlags {
  readonly server?: string
  readonly apiKey?: string
}

/**
 * Finds server and key, in this order: flags, ORRERY_URL and ORRERY_KEY, `.orrery/connection.json` in this folder or one
 * above it, the file that `orrery login` wrote.
 */
export function findConnection(io: Io, flags: ConnectionFlags): Connection {
  const stored = readProjectConnection(io.cwd) ?? readStored(userFile(io))
  const given = flags.server ?? nonEmpty(io.env.ORRERY_URL)
  const url = checkUrl(given ?? stored?.url ?? DEFAULT_URL)
  if (flags.apiKey !== undefined) return { url, key: flags.apiKey, source: '--api-key' }
  const envKey = nonEmpty(io.env.ORRERY_KEY)
  if (envKey !== undefined) return { url, key: envKey, source: 'ORRERY_KEY' }
  // A stored key is sent only to the server that it was stored with.
  if (stored?.key != null && checkUrl(stored.url) === url) return stored
  return { url, key: null, source: 'no key' }
}

/** A client that says once, on standard error, why it has to try again. */
export function connect(io: Io, flags: ConnectionFlags, limits: Pick<ClientOptions, 'attempts' | 'timeoutMs'> = {}): Client {
  const { url, key } = findConnection(io, flags)
  let isNoted = false
  const onRetry = (reason: string): void => {
    if (!isNoted) io.err(shown`no answer yet, trying again: ${reason}\n`)
    isNoted = true
  }
  return createClient(key === null ? { url, onRetry, ...limits } : { url, key, onRetry, ...limits })
}

export const projectFile = (project: string) => join(project, '.orrery/connection.json')

export function userFile(io: Io): string {
  const base = nonEmpty(io.env.XDG_CONFIG_HOME) ?? (process.platform === 'win32' ? nonEmpty(io.env.APPDATA) : undefined)
  return join(base ?? join(nonEmpty(io.env.HOME) ?? homedir(), '.config'), 'orrery/connection.json')
}

/** Writes the file with permissions for its owner only, from the first byte on. */
export function writeConnection(file: string, connection: { readonly url: string; readonly key: string }): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
}

export function readStored(file: string): Connection | null {
  if (!existsSync(file)) return null
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw new UsageError(`${file} contains a key, but other users can read it. Run: chmod 600 ${file}`)
  }
  const value = readJson(readFileSync(file, 'utf8'))
  if (typeof value !== 'object' || value === null || !('url' in value) || typeof value.url !== 'string') {
    throw new UsageError(`${file} is not a valid connection file. Delete it and run "orrery login" or "orrery dev" again`)
  }
  return { url: value.url, key: 'key' in value && typeof value.key === 'string' ? value.key : null, source: file }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // The file was truncated while it was written. The caller reports what to do.
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function readProjectConnection(from: string): Connection | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = readStored(projectFile(folder))
    if (found !== null || folder === dirname(folder)) return found
  }
}

function checkUrl(url: string): string {
  if (!/^https?:\/\/[^/]/.test(url) || !URL.canParse(url))
    throw new UsageError(`"${url}" is not the address of a server, such as ${DEFAULT_URL}`)
  return url.replace(/\/+$/, '')
}

/** Treats an empty variable as absent. */
export function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim()
}
