import { SdkHttpError } from '@modelcontextprotocol/client'
import type { ConnectionSettings } from '@orrery/contract'
import { type Database, digest, type Kernel } from '@orrery/kernel'
import { McpSession, type McpSessionOptions } from './mcp-session.ts'

export interface McpClientsOptions extends McpSessionOptions {
  /** How long an unused session is kept. */
  readonly idleMs?: number
  readonly sessionsMax?: number
}

/** A connection that was opened for one use. */
interface McpConnection {
  readonly id: string
  readonly name: string
  readonly settings: ConnectionSettings
}

/** Orrery refuses to open a session. */
export class McpRefusal extends Error {
  override readonly name = 'McpRefusal'
  readonly isRetryable: boolean

  constructor(message: string, isRetryable: boolean) {
    super(message)
    this.isRetryable = isRetryable
  }
}

interface Entry {
  readonly session: Promise<McpSession>
  /** Calls in progress. */
  uses: number
  /** The server no longer knows the session. It is closed after the calls in progress. */
  isForgotten: boolean
  idle: NodeJS.Timeout | null
}

/**
 * Sessions with MCP servers. They are kept for a while after a call, because a handshake costs two round trips or the start of a program.
 * There is one session for each connection and version of its settings; changed settings or secrets open a new session.
 */
export class McpClients {
  private readonly options: McpClientsOptions
  private readonly entries = new Map<string, Entry>()
  private readonly closing = new Set<Promise<void>>()
  private stopped = false

  constructor(options: McpClientsOptions) {
    this.options = options
  }

  /**
   * @param org a UUID.
   * @param work runs again in a new session if a restarted server does not know the kept session: the server has then done none of the
   * work.
   * @throws McpRefusal, and what opening and `work` throw.
   */
  async use<T>(org: string, connection: McpConnection, work: (session: McpSession) => Promise<T>): Promise<T> {
    const key = digest([org, connection.id, connection.settings]).toString('base64url')
    const kept = this.entries.get(key)
    try {
      return await this.useEntry(key, connection, work)
    } catch (error) {
      if (kept === undefined || !kept.isForgotten) throw error
      return this.useEntry(key, connection, work)
    }
  }

  private async useEntry<T>(key: string, connection: McpConnection, work: (session: McpSession) => Promise<T>): Promise<T> {
    this.requireAllowed(connection)
    const entry = this.entries.get(key) ?? this.open(key, connection)
    if (entry.idle !== null) clearTimeout(entry.idle)
    entry.idle = null
    entry.uses += 1
    try {
      return await work(await entry.session)
    } catch (error) {
      if (saysForgotten(error)) this.forget(key, entry)
      throw error
    } finally {
      entry.uses -= 1
      await this.release(key, entry)
    }
  }

  /** Ends all sessions, and the programs that were started for them. */
  async stop(): Promise<void> {
    this.stopped = true
    for (const [key, entry] of this.entries) this.close(key, entry)
    await Promise.all(this.closing)
  }

  /** How many sessions are open. */
  get size(): number {
    return this.entries.size
  }

  private requireAllowed({ name, settings: { type } }: McpConnection): void {
    const refusal = (message: string) => new McpRefusal(message, false)
    if (type !== 'mcp_http' && type !== 'mcp_stdio')
      throw refusal(`The connection ${name} is of type ${type}; this needs mcp_http or mcp_stdio`)
    if (type === 'mcp_stdio' && !this.options.outside.mayStartPrograms) {
      throw refusal(`The connection ${name} starts a program on the server, which this installation does not allow (ORRERY_MCP_STDIO)`)
    }
    if (this.stopped) throw new McpRefusal('This server is stopping', true)
  }

  private open(key: string, connection: McpConnection): Entry {
    this.makeRoom()
    const entry: Entry = { session: McpSession.open(connection.settings, this.options), uses: 0, isForgotten: false, idle: null }
    this.entries.set(key, entry)
    // All callers waiting for this session get the error; the next call opens a new one.
    entry.session.catch(() => this.entries.get(key) === entry && this.entries.delete(key))
    return entry
  }

  /** Closes the session that has been unused for the longest time. */
  private makeRoom(): void {
    const { sessionsMax = 50 } = this.options
    if (this.entries.size < sessionsMax) return
    for (const [key, entry] of this.entries) {
      if (entry.uses === 0) return this.close(key, entry)
    }
    throw new McpRefusal(`${sessionsMax} sessions with MCP servers are in use on this server`, true)
  }

  private async release(key: string, entry: Entry): Promise<void> {
    if (entry.uses > 0) return
    const session = await entry.session.catch(() => null)
    if (entry.uses > 0) return
    if (entry.isForgotten) return this.close(key, entry)
    if (this.entries.get(key) !== entry) return
    if (session === null || session.isBroken || this.stopped) return this.close(key, entry)
    // Move the entry to the end: the map is ordered by last use.
    this.entries.delete(key)
    this.entries.set(key, entry)
    entry.idle = setTimeout(() => this.close(key, entry), this.options.idleMs ?? 60_000)
    entry.idle.unref()
  }

  private forget(key: string, entry: Entry): void {
    entry.isForgotten = true
    if (this.entries.get(key) === entry) this.entries.delete(key)
  }

  private close(key: string, entry: Entry): void {
    if (entry.idle !== null) clearTimeout(entry.idle)
    if (this.entries.get(key) === entry) this.entries.delete(key)
    const closed = entry.session.then((session) => session.close()).catch(() => undefined)
    const done = closed.finally(() => this.closing.delete(done))
    this.closing.add(done)
  }
}

/**
 * The specification requires 404 (MCP, "Streamable HTTP", session management). Servers that follow the example of the library answer with
 * 400.
 */
function saysForgotten(error: unknown): boolean {
  return error instanceof SdkHttpError && (error.status === 404 || error.status === 400)
}

const clients = new WeakMap<Database, McpClients>()

/** The sessions of this process, created at the first use. */
export function mcpClientsOf({ database, outside, version }: Pick<Kernel, 'database' | 'outside' | 'version'>): McpClients {
  const known = clients.get(database) ?? new McpClients({ outside, version })
  clients.set(database, known)
  return known
}
