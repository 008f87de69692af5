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
  /** The organization to act in, by id or name. Null: that of the key, or the one that the person used last. */
  readonly org: string | null
  /** The key is the secret of a login, which `orrery login` can replace. */
  readonly isLogin: boolean
  /** Where the key was found. */
  readonly source: string
}

export interface ConnectionFlags {
  readonly server?: string
  readonly apiKey?: string
  readonly org?: string
}

/** The content of a connection file. */
export interface StoredConnection {
  readonly url: string
  readonly key: string
  /** The id of an organization. Absent: the command names one, or the server chooses. */
  readonly org?: string
  /** Present: the key is the secret of a login. */
  readonly login?: true
}

/**
 * Finds server and key, in this order: flags, ORRERY_URL and ORRERY_KEY, `.orrery/connection.json` in this folder or one
 * above it, the file that `orrery login` wrote.
 */
export function findConnection(io: Io, flags: ConnectionFlags): Connection {
  const given = flags.server ?? nonEmpty(io.env.ORRERY_URL)
  const project = readProjectConnection(io.cwd)
  const isMeant = project !== null && (given === undefined || checkUrl(project.url) === checkUrl(given))
  const stored = isMeant ? project : readStored(userFile(io))
  const url = checkUrl(given ?? stored?.url ?? DEFAULT_URL)
  const org = flags.org ?? nonEmpty(io.env.ORRERY_ORG) ?? null
  if (flags.apiKey !== undefined) return { url, key: flags.apiKey, org, isLogin: false, source: '--api-key' }
  const envKey = nonEmpty(io.env.ORRERY_KEY)
  if (envKey !== undefined) return { url, key: envKey, org, isLogin: false, source: 'ORRERY_KEY' }
  // A stored key is sent only to the server that it was stored with.
  if (stored?.key != null && checkUrl(stored.url) === url) return { ...stored, org: org ?? stored.org }
  return { url, key: null, org, isLogin: false, source: 'no key' }
}

type Limits = Pick<ClientOptions, 'attempts' | 'timeoutMs' | 'onRetry'>

/** A client that says once, on standard error, why it has to try again. */
export function connect(io: Io, flags: ConnectionFlags, limits: Limits = {}): Promise<Client> {
  let isNoted = false
  const onRetry = (reason: string): void => {
    if (!isNoted) io.err(shown`no answer yet, trying again: ${reason}\n`)
    isNoted = true
  }
  return clientOf(findConnection(io, flags), io.signal, { onRetry, ...limits })
}

/** Asks the server for the id of an organization that is named. @throws UsageError if the caller has no such organization */
export async function clientOf(connection: Connection, signal: AbortSignal, limits: Limits): Promise<Client> {
  const { url, key } = connection
  const options = { url, ...limits, ...(key === null ? {} : { key }) }
  const org = await orgIdOf(connection, signal, limits)
  return createClient(org === null ? options : { ...options, org })
}

/** Null: none is named. */
export async function orgIdOf({ url, key, org, isLogin }: Connection, signal: AbortSignal, limits: Limits = {}): Promise<string | null> {
  if (org === null || key === null || (isLogin && isOrgId(org))) return org
  return findOrg(createClient({ url, key, ...limits }), org, signal)
}

const isOrgId = (text: string): boolean => /^org_[0-9a-z]{26}$/.test(text)

/** The id of an organization of the caller, given by id or name. @throws UsageError with those that the caller has */
export async function findOrg(client: Client, given: string, signal: AbortSignal): Promise<string> {
  const { org, orgs } = await client.access.whoami({}, { signal })
  const own = orgs.length > 0 ? orgs : [org]
  const found = own.find(({ id, name }) => id === given || name === given)
  if (found !== undefined) return found.id
  throw new UsageError(`--org: "${given}" is not an organization of yours. Yours: ${own.map(({ name }) => name).join(', ')}`)
}

export const projectFile = (project: string) => join(project, '.orrery/connection.json')

export function userFile(io: Io): string {
  const base = nonEmpty(io.env.XDG_CONFIG_HOME) ?? (process.platform === 'win32' ? nonEmpty(io.env.APPDATA) : undefined)
  return join(base ?? join(nonEmpty(io.env.HOME) ?? homedir(), '.config'), 'orrery/connection.json')
}

/** Writes the file with permissions for its owner only, from the first byte on. */
export function writeConnection(file: string, connection: StoredConnection): void {
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
  const { key, org, login } = value as Readonly<Record<string, unknown>>
  return {
    url: value.url,
    key: typeof key === 'string' ? key : null,
    org: typeof org === 'string' ? org : null,
    isLogin: login === true,
    source: file,
  }
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
  const file = projectFileAbove(from)
  return file === null ? null : readStored(file)
}

/** The connection file of the project around a folder. Null: the folder is in no such project. */
export function projectFileAbove(from: string): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(projectFile(folder))) return projectFile(folder)
    if (folder === dirname(folder)) return null
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
