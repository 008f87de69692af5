/**
 * A TCP proxy in front of PostgreSQL: a network that tests can spoil. Each process that has a proxy of its own has a network of its own.
 * It must not be in a process that is stopped by a test.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import pg from 'pg'

/**
 * `pass`: bytes pass. `refuse`: connections end at once, as of a database that is down. `hang`: a partition; connections open, no byte passes,
 * and what was sent meanwhile arrives when this ends, as TCP sends it again. `delayMs`: each message takes a time between these two, in each
 * direction. `pieceBytes`: messages arrive in pieces of at most this many bytes, one each millisecond.
 */
export type Network = 'pass' | 'refuse' | 'hang' | { readonly delayMs: readonly [number, number] } | { readonly pieceBytes: number }

export interface TcpProxy {
  /** The URL of the database through the proxy. */
  readonly url: string
  /** Applies to open connections, too. `refuse` ends them. */
  set(network: Network): void
  /** Ends all open connections with a reset. Returns how many. */
  reset(): number
  /** Ends each open connection with a reset at the next bytes that its client sends, which do not arrive. */
  resetNext(): void
  /**
   * Lets the open connections go silent forever, or only those of this application, as a firewall does that forgot them: bytes and ends of
   * either side get lost. New connections work. The database notices by its keepalive. Returns how many.
   */
  silence(application?: string): number
  /** Breaks the connection of the next `commit`: `before` the database gets it, or `after` it has done it but before the answer arrives. */
  breakNextCommit(moment: 'before' | 'after'): void
  close(): Promise<void>
}

/** The longest time until PostgreSQL's keepalive and user timeout, as the engine sets them, end the session of a client that vanished. */
const VANISHED_MS = 20_000

export async function openTcpProxy(url: string): Promise<TcpProxy> {
  const { host, port } = new pg.Client(url)
  const open = new Set<Connection>()
  const state: State = { network: 'pass', breaks: null }
  const server = createServer((client) => {
    if (state.network === 'refuse') return void client.destroy()
    const database = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host)
    const connection = new Connection(client, database, state, () => open.delete(connection))
    open.add(connection)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const through = new URL(url)
  through.hostname = '127.0.0.1'
  through.port = String((server.address() as AddressInfo).port)
  through.searchParams.delete('host')
  return {
    url: through.href,
    set(network) {
      state.network = network
      for (const connection of [...open]) connection.obey()
    },
    reset() {
      const all = [...open].filter(({ isSilent }) => !isSilent)
      for (const connection of all) connection.reset()
      return all.length
    },
    resetNext() {
      for (const connection of open) connection.isDoomed = true
    },
    silence(application) {
      const chosen = [...open].filter((one) => !one.isSilent && (application === undefined || one.application === application))
      for (const connection of chosen) connection.silence()
      return chosen.length
    },
    breakNextCommit(moment) {
      state.breaks = moment
    },
    async close() {
      server.close()
      for (const connection of [...open]) connection.cut()
      await once(server, 'close')
    },
  }
}

interface State {
  network: Network
  breaks: 'before' | 'after' | null
}

class Connection {
  application = ''
  isSilent = false
  isDoomed = false
  private isCommitting = false
  private readonly client: Socket
  private readonly database: Socket
  private readonly state: State
  private readonly up: Lane
  private readonly down: Lane
  private readonly onCut: () => void
  private vanishing: NodeJS.Timeout | undefined

  constructor(client: Socket, database: Socket, state: State, onCut: () => void) {
    this.client = client.setNoDelay()
    this.database = database.setNoDelay()
    this.state = state
    this.onCut = onCut
    const cut = () => this.cut()
    this.up = new Lane(database, state, cut)
    this.down = new Lane(client, state, cut)
    client.on('data', (chunk: Buffer) => void (this.isToPass(chunk) && this.up.push(chunk)))
    database.on('data', (chunk: Buffer) => {
      if (this.isCommitting) this.cut()
      else if (!this.isSilent) this.down.push(chunk)
    })
    // What was sent before the end arrives first. An error is followed by `close`.
    client.on('error', () => undefined).on('close', () => void (this.isSilent || this.up.push(null)))
    database.on('error', () => undefined).on('close', () => void (this.isSilent || this.down.push(null)))
  }

  /** Applies the present state of the network. */
  obey(): void {
    if (this.state.network === 'refuse') return this.cut()
    this.up.run()
    this.down.run()
  }

  reset(): void {
    this.client.resetAndDestroy()
    this.cut()
  }

  silence(): void {
    this.isSilent = true
    this.up.clear()
    this.down.clear()
    this.vanishing = setTimeout(() => this.database.destroy(), VANISHED_MS)
  }

  cut(): void {
    clearTimeout(this.vanishing)
    this.up.clear()
    this.down.clear()
    this.client.destroy()
    this.database.destroy()
    this.onCut()
  }

  private isToPass(chunk: Buffer): boolean {
    if (this.application === '') this.application = /application_name\0([^\0]*)\0/.exec(chunk.toString('latin1'))?.[1] ?? '?'
    if (this.isSilent) return false
    if (this.isDoomed) {
      this.reset()
      return false
    }
    const { breaks } = this.state
    if (breaks === null || !chunk.includes('commit\0')) return true
    this.state.breaks = null
    this.isCommitting = breaks === 'after'
    if (breaks === 'before') this.cut()
    return breaks === 'after'
  }
}

/** One direction of a connection: what comes from one side waits here until the network lets it pass. Null is the end. */
class Lane {
  private readonly to: Socket
  private readonly state: State
  private readonly onEnd: () => void
  private queue: { bytes: Buffer | null; readonly dueAt: number }[] = []
  private timer: NodeJS.Timeout | undefined
  private dueAt = 0

  constructor(to: Socket, state: State, onEnd: () => void) {
    this.to = to
    this.state = state
    this.onEnd = onEnd
  }

  push(bytes: Buffer | null): void {
    const { network } = this.state
    const delayMs = typeof network === 'object' && 'delayMs' in network ? between(network.delayMs) : 0
    // Messages do not overtake one another.
    this.dueAt = Math.max(this.dueAt, performance.now() + delayMs)
    this.queue.push({ bytes, dueAt: this.dueAt })
    this.run()
  }

  run(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      const waitMs = this.pass(head)
      if (waitMs === null) return
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.run(), waitMs)
        return
      }
    }
  }

  clear(): void {
    clearTimeout(this.timer)
    this.queue = []
  }

  /** Sends as much of it as may pass now. Returns how many ms the next part must wait; null: until the network changes. */
  private pass(head: { bytes: Buffer | null; readonly dueAt: number }): number | null {
    const { network } = this.state
    if (network === 'hang') return null
    if (typeof network === 'object' && 'delayMs' in network) {
      const waitMs = head.dueAt - performance.now()
      if (waitMs > 0) return waitMs
    }
    const { bytes } = head
    if (bytes === null) {
      this.onEnd()
      return null
    }
    const pieceBytes = typeof network === 'object' && 'pieceBytes' in network ? network.pieceBytes : bytes.length
    if (this.to.writable) this.to.write(bytes.subarray(0, pieceBytes))
    head.bytes = bytes.subarray(pieceBytes)
    if (head.bytes.length === 0) this.queue.shift()
    return pieceBytes < bytes.length ? 1 : 0
  }
}

const between = ([from, to]: readonly [number, number]): number => from + Math.random() * (to - from)
