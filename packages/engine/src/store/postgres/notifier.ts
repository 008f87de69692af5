import pg from 'pg'
import type { Hint, Notifier } from '../store.ts'

const channel = 'orrery_hint'
/** PostgreSQL refuses a payload of 8000 bytes. */
const maxBytes = 7900
const retryMs = 1000
/** How long a look for other listeners counts, unless one announces itself meanwhile. */
const lookMs = 5000
/** Held, shared, by every connection that listens: the two halves of an advisory lock. */
const mark = '28530, 1'
/** Announces a listener; no hint is written like this. */
const hello = 'h'
const listeners = {
  name: 'hint_listeners',
  text: `select from pg_locks where locktype = 'advisory' and (classid, objid) = (${mark}) and objsubid = 2 and granted and pid <> pg_backend_pid()
           and database = (select oid from pg_database where datname = current_database()) limit 1`,
}

export interface NotifierOptions {
  readonly url: string
  /**
   * False behind a pooler that hands connections from one transaction to the next: hints are sent but none arrive, and polling does the
   * work.
   */
  readonly listen?: boolean
}

/**
 * Hints over LISTEN and NOTIFY, on a connection of its own: a NOTIFY inside the flush's transaction would halve its throughput.
 * At most one NOTIFY is in flight; what comes in the meantime goes together with the next, each hint once. While no other connection listens
 * nothing is sent: one that begins to says so, which is heard by all that listen.
 */
export function createNotifier(options: NotifierOptions): Notifier {
  return new PostgresNotifier(options)
}

class PostgresNotifier implements Notifier {
  private readonly options: NotifierOptions
  private readonly handlers = new Set<(hint: Hint) => void>()
  private readonly pending = new Set<string>()
  private connecting: Promise<pg.Client | null> | null = null
  private client: pg.Client | null = null
  private backendId: number | null = null
  private listening = false
  /** Whether another connection listened at `lookedAt` (of `performance.now`), when it was last looked for or heard. */
  private heard = false
  private lookedAt = Number.NEGATIVE_INFINITY
  private sending = false
  private closed = false
  private retry: NodeJS.Timeout | null = null

  constructor(options: NotifierOptions) {
    this.options = options
  }

  send(hint: Hint): void {
    if (this.closed) return
    this.pending.add(encode(hint))
    this.pump()
  }

  listen(handler: (hint: Hint) => void): () => void {
    this.handlers.add(handler)
    void this.connect()
    return () => void this.handlers.delete(handler)
  }

  async close(): Promise<void> {
    this.closed = true
    if (this.retry) clearTimeout(this.retry)
    await this.connecting
    const client = this.client
    this.client = null
    await client?.end()
  }

  private pump(): void {
    if (this.sending || this.pending.size === 0) return
    this.sending = true
    setImmediate(() => {
      this.sendAll().then(
        () => {
          this.sending = false
          this.pump()
        },
        () => {
          // Hints may be lost: polling replaces them.
          this.pending.clear()
          this.sending = false
        },
      )
    })
  }

  private async sendAll(): Promise<void> {
    const payload = takePayload(this.pending)
    // Listeners in this process need no database for it; the echo is dropped.
    this.tell(payload)
    const client = await this.connect()
    if (client === null) throw new Error('no connection')
    if (!(await this.hasListeners(client))) return
    await client.query({ name: 'notify', text: 'select pg_notify($1, $2)', values: [channel, payload] })
  }

  /** A connection that does not listen cannot hear others announce themselves, so it always sends. */
  private async hasListeners(client: pg.Client): Promise<boolean> {
    if (!this.listening) return true
    if (performance.now() - this.lookedAt > lookMs) {
      this.lookedAt = performance.now()
      // An announcement heard while this is on its way is newer.
      const before = this.lookedAt
      const isThere = (await client.query(listeners)).rowCount === 1
      if (this.lookedAt === before) this.heard = isThere
    }
    return this.heard
  }

  private async connect(): Promise<pg.Client | null> {
    if (this.closed) return null
    if (this.client === null) {
      this.connecting ??= this.open().finally(() => {
        this.connecting = null
      })
      return await this.connecting
    }
    await this.subscribe(this.client)
    return this.client
  }

  private async open(): Promise<pg.Client | null> {
    // A hint need not survive a crash, so no commit waits for the disk.
    const options = '-c synchronous_commit=off'
    const client = new pg.Client({ connectionString: this.options.url, application_name: 'orrery notifier', keepAlive: true, options })
    client.on('notification', (message) => this.receive(message))
    client.on('error', () => this.lost(client))
    client.on('end', () => this.lost(client))
    try {
      await client.connect()
      const { rows } = await client.query<{ id: number }>('select pg_backend_pid() as id')
      this.backendId = rows[0]?.id ?? null
      this.client = client
      this.listening = false
      this.lookedAt = Number.NEGATIVE_INFINITY
      await this.subscribe(client)
      return client
    } catch {
      // Without this connection the engine is slower, not wrong.
      this.lost(client)
      return null
    }
  }

  private async subscribe(client: pg.Client): Promise<void> {
    if (this.listening || this.handlers.size === 0 || this.options.listen === false) return
    this.listening = true
    // In one statement: a look for others afterwards misses none, since all that come later announce themselves.
    await client.query(`select pg_advisory_lock_shared(${mark}); listen ${channel}; notify ${channel}, '${hello}'`)
  }

  private lost(client: pg.Client): void {
    if (this.client === client) this.client = null
    if (this.closed || this.handlers.size === 0 || this.retry) return
    this.retry = setTimeout(() => {
      this.retry = null
      void this.connect()
    }, retryMs)
    this.retry.unref()
  }

  private receive(message: pg.Notification): void {
    if (message.channel !== channel || !message.payload || message.processId === this.backendId) return
    this.heard = true
    this.lookedAt = performance.now()
    this.tell(message.payload)
  }

  private tell(payload: string): void {
    for (const line of payload.split('\n')) {
      const hint = decode(line)
      if (hint) for (const handler of this.handlers) handler(hint)
    }
  }
}

/** As many hints as fit, a line each. One that is too long by itself is dropped: it is only a hint. */
function takePayload(pending: Set<string>): string {
  const lines: string[] = []
  let bytes = 0
  for (const line of pending) {
    const size = Buffer.byteLength(line) + 1
    if (bytes + size > maxBytes && lines.length > 0) break
    pending.delete(line)
    if (size > maxBytes) continue
    lines.push(line)
    bytes += size
  }
  return lines.join('\n')
}

function encode(hint: Hint): string {
  switch (hint.type) {
    case 'ready':
      return `r ${encodeURIComponent(hint.queue)}`
    case 'poke':
      return `p ${hint.worker} ${hint.run}`
    case 'done':
      return `d ${hint.run}`
    case 'events':
      return 'e'
    case 'due':
      return `t ${hint.at}`
  }
}

function decode(line: string): Hint | null {
  const [type, first = '', second = ''] = line.split(' ')
  switch (type) {
    case 'r':
      return { type: 'ready', queue: decodeURIComponent(first) }
    case 'p':
      return { type: 'poke', worker: first, run: second }
    case 'd':
      return { type: 'done', run: first }
    case 'e':
      return { type: 'events' }
    case 't':
      return { type: 'due', at: Number(first) }
    default:
      // A hint of a newer version.
      return null
  }
}
