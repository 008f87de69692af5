import { encodeId } from '@orrery/contract'
import type { OrgId } from '@orrery/engine'
import { type Batch, type ConsumedEvent, createEventConsumer, type Database, type EventTail, type Log, readPosition } from '@orrery/kernel'
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
  start(): Promise<void>
  stop(): Promise<void>
  status(): RelayStatus
}

interface Host {
  readonly database: Database
  readonly tail: EventTail
  readonly log: Log
}

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
  const consumer = createEventConsumer({
    ...host,
    name: 'redis relay',
    begin: 'oldest',
    retry: { firstMs: 100, maxMs: 5_000 },
    async handle(events, batch) {
      const signal = AbortSignal.any([batch.signal, AbortSignal.timeout(SEND_MS)])
      try {
        connection ??= await openRedis(options.url, signal)
        await send(connection, options, events, { tx: batch.tx, signal })
        if (status.kind === 'failing') host.log.info({}, 'Events reach Redis again')
        status = { kind: 'sending', lastAt: Date.now() }
      } catch (error) {
        close()
        const since = status.kind === 'failing' ? status.since : Date.now()
        if (!batch.signal.aborted) status = { kind: 'failing', since, reason: describe(error) }
        throw error
      }
    },
  })
  return {
    start: () => consumer.start(),
    async stop() {
      await consumer.stop()
      close()
    },
    status: () => status,
  }
}

async function send(
  connection: RedisConnection,
  options: RedisRelayOptions,
  events: readonly ConsumedEvent[],
  batch: Batch,
): Promise<void> {
  const orgs = [...Map.groupBy(events, ({ org }) => org)]
  const streamOf = (org: OrgId) => `${options.prefix}${encodeId('org', org)}`
  const answers = await connection.send(
    orgs.map(([org, own]) => addEntries(streamOf(org), options.lengthMax, own)),
    batch.signal,
  )
  for (const [at, [org]] of orgs.entries()) {
    const last = readLastId(answers[at])
    if (last !== null) await requireOurs(batch, org, streamOf(org), last)
  }
}

/**
 * Some events seem to be in the stream already. That is so after a crash; but it also looks so when another program writes to the stream, or when
 * it belongs to another database, and then they are not there at all.
 */
async function requireOurs({ tx }: Batch, org: OrgId, stream: string, last: string): Promise<void> {
  // Even a position that our log has passed need not be one of our events: the database may be an older copy.
  const position = readPosition(last)
  if (position !== null && (await hasEvent(tx, org, position))) return
  throw new Error(`The stream ${stream} ends with ${last}, which is no event of this database: rename or delete the stream`)
}

function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ')
  return error instanceof Error ? error.message : String(error)
}
