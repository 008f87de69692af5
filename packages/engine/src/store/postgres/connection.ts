import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { Ambiguous } from '../store-errors.ts'
import { isLostConnection } from './classify-error.ts'

const GIVE_UP_MS = 30_000
const CONNECT_MS_MAX = 10_000
const END_MS_MAX = 2000

/** Of every connection, whatever it is for: it notices a peer that vanished. */
export function baseConfig(url: string, name: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: `orrery ${name}`,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

/**
 * Settings of every connection of the engine. All of its statements are point look-ups in tables that can grow from empty to millions of
 * rows between two runs of analyze, and a plan made for the empty table must not become a scan of the full one. So plans are generic (made
 * once) and use only index look-ups. A process that is suspended inside a transaction must not keep its locks forever.
 */
export function engineConfig(url: string, name: string): pg.ClientConfig {
  const settings = {
    role: 'orrery_engine',
    plan_cache_mode: 'force_generic_plan',
    enable_seqscan: 'off',
    enable_hashjoin: 'off',
    enable_mergejoin: 'off',
    jit: 'off',
    idle_in_transaction_session_timeout: '10s',
  }
  const options = Object.entries(settings).map(([key, value]) => `-c ${key}=${value}`)
  return { ...baseConfig(url, name), options: [...options, noticeVanished].join(' ') }
}

/** The server notices a client that vanished, and releases its locks. */
export const noticeVanished = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_user_timeout=20s'

/** The sockets of a store's connections, which must end even if the other side does not answer any more. */
export class Sockets {
  private readonly open = new Set<Socket>()

  /** For `stream` in the settings of a connection. */
  readonly make = (): Socket => {
    const socket = new Socket()
    this.open.add(socket)
    socket.on('close', () => this.open.delete(socket))
    return socket
  }

  /** Waits for connections that end in good order, but not for long. */
  async endWith(ending: Promise<unknown>): Promise<void> {
    const timer = setTimeout(() => {
      for (const socket of this.open) socket.destroy()
    }, END_MS_MAX)
    await ending.finally(() => clearTimeout(timer))
  }
}

/** One connection of the flusher. It connects when needed, and again after the connection broke. */
export class FlushConnection {
  private readonly config: pg.ClientConfig
  private client: pg.Client | null = null
  private socket: Socket | null = null
  private closed = false
  /** When the work in progress began, by `performance.now`. Null: there is no work. */
  private busySince: number | null = null

  private readonly makeSocket: () => Socket

  constructor(config: pg.ClientConfig, makeSocket: () => Socket) {
    this.config = config
    this.makeSocket = makeSocket
  }

  /** `answerMsMax`: the work has lost its connection if it takes longer than this. Null: no limit. */
  async use<T>(work: (client: pg.Client) => Promise<T>, answerMsMax: number | null): Promise<T> {
    this.busySince = performance.now()
    const timer = answerMsMax === null ? undefined : setTimeout(() => this.break(answerMsMax), answerMsMax)
    try {
      const client = this.client ?? (await this.connect())
      return await work(client).catch((error: unknown) => {
        if (isLostConnection(error)) this.discard(client)
        throw error
      })
    } finally {
      clearTimeout(timer)
      this.busySince = null
    }
  }

  /** Breaks the connection if its work takes longer than this. The work then fails as with any lost connection. */
  breakIfOlder(ms: number): void {
    if (this.busySince !== null && performance.now() - this.busySince > ms) this.break(ms)
  }

  private break(ms: number): void {
    this.socket?.destroy(new Error(`no answer for ${Math.round(ms)} ms`))
  }

  async close(): Promise<void> {
    this.closed = true
    const client = this.client
    this.client = null
    await client?.end()
  }

  private async connect(): Promise<pg.Client> {
    const deadline = performance.now() + GIVE_UP_MS
    for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 1000)) {
      if (this.closed) throw new Ambiguous('the store is closed')
      const socket = this.makeSocket()
      const client = new pg.Client({ ...this.config, stream: () => socket })
      this.socket = socket
      client.on('error', () => this.discard(client))
      try {
        await client.connect()
        this.client = client
        return client
      } catch (cause) {
        if (!isLostConnection(cause)) throw cause
        if (performance.now() > deadline) throw new Ambiguous('no connection to the database', { cause })
      }
      // Random, so that the processes of an installation do not all return to a restarted database at once.
      await delay(waitMs * (0.5 + Math.random()))
    }
  }

  private discard(client: pg.Client): void {
    if (this.client === client) this.client = null
    // The connection is already broken, so an error while ending it adds no information.
    client.end().catch(() => undefined)
  }
}
