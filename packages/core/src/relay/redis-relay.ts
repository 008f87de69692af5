import { encodeId } from '@orrery/contract'
import type { OrgId } from '@orrery/engine'
import { type ConsumedEvent, type ConsumerSpec, type Database, type Kernel, readPosition } from '@orrery/kernel'
import { addEntries, readLastId } from './add-entries.ts'
import { openRedis, type RedisConnection } from './redis-connection.ts'
import { hasEvent } from './relay-store.ts'

export interface RedisRelayOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string
  /** Prefix of the names of streams. The organization's id follows. */
  readonly prefix: string
  /** Approximate number of entries kept in each stream. */
  readonly lengthMax: number
}

export type RelayStatus =
  /** This process has sent nothing so far: there were no events, or another process runs the relay. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending'; readonly lastAt: number }
  /** Events wait in the log, and are sent when Redis works again. */
  | { readonly kind: 'failing'; readonly since: number; readonly reason: string }

export interface RedisRelay {
  readonly consumer: ConsumerSpec
  /** Closes the connection. */
  stop(): Promise<void>
  status(): RelayStatus
}

type Host = Pick<Kernel, 'database' | 'log'>

/** Longer than Redis takes for a batch. After this time the connection is closed. */
const SEND_MS = 10_000

/**
 * Adds every event of every organization to a Redis stream of that organization, in order and at least once, even if processes die. While
 * Redis is unavailable, events wait in the log, and nothing else waits for it.
 */
export function createRedisRelay(host: Host, options: RedisRelayOptions): RedisRelay {
  let connection: RedisConnection | null = null
  let status: RelayStatus = { kind: 'idle' }
  const close = () => {
    connection?.close()
    connection = null
  }
  const consumer: ConsumerSpec = {
    name: 'redis relay',
    begin: 'oldest',
    retry: { firstMs: 100, maxMs: 5_000 },
    async handle(events, batch) {
      const signal = AbortSignal.any([batch.signal, AbortSignal.timeout(SEND_MS)])
      try {
        connection ??= await openRedis(options.url, signal)
        await send({ database: host.database, connection, options, signal }, events)
        if (status.kind === 'failing') host.log.info({}, 'Events reach Redis again')
        status = { kind: 'sending', lastAt: Date.now() }
      } catch (error) {
        close()
        const since = status.kind === 'failing' ? status.since : Date.now()
        if (!batch.signal.aborted) status = { kind: 'failing', since, reason: describe(error) }
        throw error
      }
    },
  }
  return { consumer, stop: async () => close(), status: () => status }
}

interface Sending {
  readonly database: Database
  readonly connection: RedisConnection
  readonly options: RedisRelayOptions
  readonly signal: AbortSignal
}

async function send({ database, connection, options, signal }: Sending, events: readonly ConsumedEvent[]): Promise<void> {
  const orgs = [...Map.groupBy(events, ({ org }) => org)]
  const streamOf = (org: OrgId) => `${options.prefix}${encodeId('org', org)}`
  const answers = await connection.send(
    orgs.map(([org, own]) => addEntries(streamOf(org), options.lengthMax, own)),
    signal,
  )
  for (const [at, [org]] of orgs.entries()) {
    const last = readLastId(answers[at])
    if (last !== null) await requireOwnEntry(database, org, streamOf(org), last)
  }
}

/**
 * Redis refused some events as if they were in the stream already. That happens after a crash. It also happens if another program writes to
 * the stream, or if the stream belongs to another database; then the events are missing, and this throws.
 */
async function requireOwnEntry(database: Database, org: OrgId, stream: string, last: string): Promise<void> {
  // A position that the log has passed need not be one of its events: this database may be an older copy.
  const position = readPosition(last)
  if (position !== null && (await hasEvent(database, org, position))) return
  throw new Error(`The stream ${stream} ends with ${last}, which is not the id of an event in this database: rename or delete the stream`)
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ')
  return error instanceof Error ? error.message : String(error)
}
