import pg from 'pg'
import type { Hint, Notifier } from '../store.ts'
import { baseConfig, Sockets } from './connection.ts'

const CHANNEL = 'orrery_hint'
/** PostgreSQL rejects a payload of 8000 bytes. */
const PAYLOAD_BYTES_MAX = 7900
const RETRY_MS = 1000
const ANSWER_MS_MAX = 10_000
/** How long the result of a look for other listeners is valid, unless a listener announces itself in that time. */
const LOOK_VALID_MS = 5000
/** Every listening connection holds this advisory lock (in its two-key form) in shared mode. */
const LISTENER_LOCK = '28530, 1'
/** Announces a new listener. No hint encodes to this text. */
const HELLO = 'h'
const listeners = {
  name: 'hint_listeners',
  text: `select from pg_locks where locktype = 'advisory' and (classid, objid) = (${LISTENER_LOCK}) and objsubid = 2 and granted and pid <> pg_backend_pid()
           and database = (select oid from pg_database where datname = current_database()) limit 1`,
}

export interface NotifierOptions {
  readonly url: string
  /**
   * Set to false behind a pooler that assigns connections per transaction: hints are then sent but not received, and polling replaces them.
   */
  readonly listen?: boolean
}

/**
 * Hints over LISTEN and NOTIFY, on a connection of its own: a NOTIFY inside the flush's transaction would halve its throughput. At most one
 * NOTIFY is in flight; hints sent in the meantime go out together with the next one, each once. Nothing is sent while no other connection
 * listens: a new listener announces itself to all others.
 */
export function createNotifier(options: NotifierOptions): Notifier {
  return new PostgresNotifier(options)
}

class PostgresNotifier implements Notifier {
  private readonly options: NotifierOptions
  private readonly sockets = new Sockets()
  private readonly handlers = new Set<(hint: Hint) => void>()
  private readonly pending = new Set<string>()
  private connecting: Promise<pg.Client | null> | null = null
  private client: pg.Client | null = null
  private backendId: number | null = null
  private listening = false
  /** Whether another connection listened at `lookedAt` (by `performance.now`), when this one last looked for or heard of others. */
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
    const { connecting, client } = this
    this.client = null
    await this.sockets.endWith(Promise.all([connecting, client?.end()]))
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
          // Polling replaces lost hints. The connection may be silent, so the next hint gets another.
          this.pending.clear()
          this.sending = false
          if (this.client !== null) this.drop(this.client)
        },
      )
    })
  }

  private async sendAll(): Promise<void> {
    const payload = takePayload(this.pending)
    // Listeners in this process get hints without the database. Their echo from the database is dropped.
    this.dispatch(payload)
    const client = await this.connect()
    if (client === null) throw new Error('no connection')
    if (!(await this.hasListeners(client))) return
    await client.query({ name: 'notify', text: 'select pg_notify($1, $2)', values: [CHANNEL, payload] })
  }

  /** A connection that does not listen cannot hear announcements of others, so it always sends. */
  private async hasListeners(client: pg.Client): Promise<boolean> {
    if (!this.listening) return true
    if (performance.now() - this.lookedAt > LOOK_VALID_MS) {
      this.lookedAt = performance.now()
      // An announcement that arrives during the query is newer than its result.
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
    // A hint need not survive a crash, so its commit does not wait for the disk.
    const options = '-c synchronous_commit=off'
    const settings = { options, query_timeout: ANSWER_MS_MAX, stream: this.sockets.make }
    const client = new pg.Client({ ...baseConfig(this.options.url, 'notifier'), ...settings })
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
      // Without this connection the engine is slower, but still correct.
      this.lost(client)
      return null
    }
  }

  private async subscribe(client: pg.Client): Promise<void> {
    if (this.listening || this.handlers.size === 0 || this.options.listen === false) return
    this.listening = true
    // In one statement: a later look for listeners misses none, because every listener that comes after it announces itself.
    await client.query(`select pg_advisory_lock_shared(${LISTENER_LOCK}); listen ${CHANNEL}; notify ${CHANNEL}, '${HELLO}'`)
  }

  private drop(client: pg.Client): void {
    this.lost(client)
    client.end().catch(() => undefined)
  }

  private lost(client: pg.Client): void {
    if (this.client === client) this.client = null
    if (this.closed || this.handlers.size === 0 || this.retry) return
    this.retry = setTimeout(() => {
      this.retry = null
      void this.connect()
    }, RETRY_MS)
    this.retry.unref()
  }

  private receive(message: pg.Notification): void {
    if (message.channel !== CHANNEL || !message.payload || message.processId === this.backendId) return
    this.heard = true
    this.lookedAt = performance.now()
    this.dispatch(message.payload)
  }

  private dispatch(payload: string): void {
    for (const line of payload.split('\n')) {
      const hint = decode(line)
      if (hint) for (const handler of this.handlers) handler(hint)
    }
  }
}

/** As many hints as fit, one per line. A hint too long for a notification is dropped, because hints may be lost. */
function takePayload(pending: Set<string>): string {
  const lines: string[] = []
  let bytes = 0
  for (const line of pending) {
    const size = Buffer.byteLength(line) + 1
    if (bytes + size > PAYLOAD_BYTES_MAX && lines.length > 0) break
    pending.delete(line)
    if (size > PAYLOAD_BYTES_MAX) continue
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
      // A hint from a newer version.
      return null
  }
}
