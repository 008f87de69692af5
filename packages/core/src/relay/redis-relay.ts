import { encodeId } from '@orrery/contract'
import type { OrgId } from '@orrery/engine'
import { type ConsumedEvent, type ConsumerSpec, type Database, type Kernel, readPosition } from '@orrery/kernel'
import { addEntries, readLastId } from './add-entries.ts'
import { openRedis, type RedisConnection } from './redis-connection.ts'
import { hasEvent } from './relay-store.ts'

export interface RedisRelayOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string
  /** Of the names of the streams; the organization's id follows. */
  readonly prefix: string
  /** About so many entries are kept in each stream. */
  readonly lengthMax: number
}

export type RelayStatus =
  /** Nothing was sent by this process so far: nothing happened, or another process has the relay. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'sending'; readonly lastAt: number }
  /** Events wait, and are sent when it works again. */
  | { readonly kind: 'failing'; readonly since: number; readonly reason: string }

export interface RedisRelay {
  readonly consumer: ConsumerSpec
  /** Closes the connection. */
  stop(): Promise<void>
  status(): RelayStatus
}

type Host = Pick<Kernel, 'database' | 'log'>

/** Longer than Redis ever takes for a batch; after that the connection is given up. */
const SEND_MS = 10_000

/**
 * Every event of every organization as an entry of a Redis stream of that organization, in order, at least once, whatever dies in between.
 * Events wait in the log while Redis is away; nothing else waits for it.
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
 * Some events seem to be in the stream already. That is so after a crash; but it also looks so when another program writes to the stream,
 * or when it belongs to another database, and then they are not there at all.
 */
async function requireOwnEntry(database: Database, org: OrgId, stream: string, last: string): Promise<void> {
  // Even a position that our log has passed need not be one of our events: the database may be an older copy.
  const position = readPosition(last)
  if (position !== null && (await hasEvent(database, org, position))) return
  throw new Error(`The stream ${stream} ends with ${last}, which is no event of this database: rename or delete the stream`)
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ')
  return error instanceof Error ? error.message : String(error)
}
