import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { Ambiguous } from '../store.ts'
import { isLostConnection } from './classify-error.ts'

const GIVE_UP_MS = 30_000

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
  return { connectionString: url, options: options.join(' '), application_name: `orrery ${name}`, keepAlive: true }
}

/** One connection of the flusher. It connects when needed, and again after the connection broke. */
export class FlushConnection {
  private readonly config: pg.ClientConfig
  private client: pg.Client | null = null
  private closed = false

  constructor(config: pg.ClientConfig) {
    this.config = config
  }

  async use<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = this.client ?? (await this.connect())
    try {
      return await work(client)
    } catch (error) {
      if (isLostConnection(error)) this.discard(client)
      throw error
    }
  }

  async close(): Promise<void> {
    this.closed = true
    const client = this.client
    this.client = null
    await client?.end()
  }

  private async connect(): Promise<pg.Client> {
    const deadline = Date.now() + GIVE_UP_MS
    for (let waitMs = 10; ; waitMs = Math.min(waitMs * 2, 1000)) {
      if (this.closed) throw new Ambiguous('the store is closed')
      const client = new pg.Client(this.config)
      client.on('error', () => this.discard(client))
      try {
        await client.connect()
        this.client = client
        return client
      } catch (cause) {
        if (!isLostConnection(cause)) throw cause
        if (Date.now() > deadline) throw new Ambiguous('no connection to the database', { cause })
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
