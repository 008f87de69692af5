import pg from 'pg'
import type {
  AdmittedStart,
  DeliverOutcome,
  EventPlace,
  EventRow,
  Message,
  OrgId,
  RunId,
  RunRow,
  StartOutcome,
  Store,
  WorkerId,
} from '../store.ts'
import { Fenced, HeldByAncestor } from '../store-errors.ts'
import { classifyError } from './classify-error.ts'
import { closeCode, onFullCode, priorityCode, stateCode } from './codes.ts'
import { toMessageColumns } from './message-columns.ts'
import { PayloadPacker, saveBlobs } from './payload.ts'
import { onlyRow } from './workers.ts'

type Tx = pg.ClientBase
type Controls = Pick<
  Store<Tx>,
  | 'emit'
  | 'startAdmitted'
  | 'deliver'
  | 'expire'
  | 'setPause'
  | 'unblock'
  | 'fork'
  | 'deleteRuns'
  | 'deleteEvents'
  | 'setLimit'
  | 'setQueuePaused'
>

/** Runs in the caller's transaction, or on a connection of our own: then one statement each, repeated if it lost a race. */
export function controlRuns(pool: pg.Pool): Controls {
  return {
    emit: (events, tx) => emit(pool, events, tx),
    startAdmitted: (start, tx) => startAdmitted(pool, start, tx),
    deliver: (message, tx) => deliver(pool, message, tx),
    expire: () => expire(pool),
    setPause: (org, run, paused, tx) => setPause(pool, org, run, paused, tx),
    unblock: async (org, run, bundle, tx) =>
      onlyRow(await ask<{ done: boolean }>(pool, tx, 'select engine.unblock($1, $2, $3) as done', [org, run, bundle])).done,
    fork: (source, target, edits, tx) => fork(pool, source, target, edits, tx),
    deleteRuns: async (org, runs, tx) =>
      (await ask<{ run: RunId }>(pool, tx, 'select run from engine.delete_runs($1, $2) run', [org, runs])).map(({ run }) => run),
    deleteEvents: (org, events, tx) => deleteEvents(org, events, tx),
    setLimit: async (org, limit, max, tx) => void (await ask(pool, tx, 'select engine.set_limit($1, $2, $3)', [org, limit, max])),
    setQueuePaused: async (org, queue, paused, tx) =>
      void (await ask(
        pool,
        tx,
        `insert into engine.queue_control (org_id, queue, paused) values ($1, $2, $3)
         on conflict (org_id, queue) do update set paused = excluded.paused`,
        [org, queue, paused],
      )),
  }
}

async function ask<Row extends pg.QueryResultRow>(pool: pg.Pool, tx: Tx | undefined, text: string, values: unknown[]): Promise<Row[]> {
  if (tx) return (await tx.query<Row>(text, values)).rows
  for (let attempt = 1; ; attempt++) {
    try {
      return (await pool.query<Row>(text, values)).rows
    } catch (error) {
      if (classifyError(error) !== 'race' || attempt === 5) throw error
    }
  }
}

/** A statement whose rows refer to blobs: they are written in its transaction, so that none is deleted before its first use. */
async function askWithBlobs<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  tx: Tx | undefined,
  packer: PayloadPacker,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  if (packer.blobs.size === 0) return await ask<Row>(pool, tx, text, values)
  if (tx) {
    await saveBlobs(tx, packer)
    return await ask<Row>(pool, tx, text, values)
  }
  for (let attempt = 1; ; attempt++) {
    const client = await pool.connect()
    try {
      await client.query('begin')
      await saveBlobs(client, packer)
      const { rows } = await client.query<Row>(text, values)
      await client.query('commit')
      client.release()
      return rows
    } catch (error) {
      // Ends the connection, and with it the transaction.
      client.release(true)
      if (classifyError(error) !== 'race' || attempt === 5) throw error
    }
  }
}

async function deleteEvents(org: OrgId, events: readonly EventPlace[], tx: Tx): Promise<number> {
  const values = [org, events.map((event) => event.tx), events.map((event) => event.id)]
  const { rows } = await tx.query<{ count: number }>('select engine.delete_events($1, $2::xid8[], $3::bigint[]) as count', values)
  return onlyRow(rows).count
}

async function emit(pool: pg.Pool, events: readonly EventRow[], tx?: Tx): Promise<void> {
  if (events.length === 0) return
  const text = `insert into engine.event (org_id, type, subject, data, at, run_id)
    select u.org_id, u.type, u.subject, u.data::json, to_timestamp(u.at / 1000), u.run_id
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::uuid[]) u(org_id, type, subject, data, at, run_id)`
  const columns = [
    events.map((e) => e.org),
    events.map((e) => e.type),
    events.map((e) => e.subject),
    events.map((e) => e.data),
    events.map((e) => e.at),
    events.map((e) => e.run ?? null),
  ]
  await ask(pool, tx, text, columns)
}

async function startAdmitted(pool: pg.Pool, start: AdmittedStart, tx?: Tx): Promise<StartOutcome> {
  const { input, event, worker, ...rest } = start
  const packer = new PayloadPacker()
  const stored = packer.pack(start.org, input)
  const plan = {
    ...rest,
    priority: priorityCode.code(start.priority),
    parent: start.parent && { ...start.parent, close: closeCode.code(start.parent.close) },
    concurrency: start.concurrency.map((entry) => ({ ...entry, onFull: onFullCode.code(entry.onFull) })),
  }
  type Answer = { outcome: StartOutcome['type']; run: RunId; state: number | null; cancelled: RunId[] }
  const values: unknown[] = [JSON.stringify(plan), stored]
  const next = (value: unknown) => `$${values.push(value)}`
  // Invariant (I5): a fenced worker starts nothing. The function reads its plan from the fence, so that it cannot run before the fence.
  const plans = worker === undefined ? 'select $1::json as plan' : fencedPlan(next(worker))
  const begin = start.dedupe?.reuse === 'after_failure' ? 'start_reusing' : 'start_admitted'
  const parts = [
    `fence as materialized (${plans})`,
    `started as materialized (select outcome, run, state, cancelled from fence, engine.${begin}(fence.plan, $2))`,
    ...(event ? [announcement(event, next)] : []),
  ]
  const isNew = `outcome in ('started', 'refused')`
  const check = start.parent ? `, case when ${isNew} then engine.require_start(${next(start.org)}, ${next(start.run)})::text end` : ''
  const text = `with ${parts.join(', ')} select *${check} from started`
  const rows = await askWithBlobs<Answer>(pool, tx, packer, text, values).catch(rethrowStart)
  if (rows.length === 0 && worker !== undefined) throw new Fenced(`worker ${worker} is fenced`)
  const { outcome, run, state, cancelled } = onlyRow(rows)
  if (outcome !== 'started') return { type: outcome, run }
  return { type: 'started', run, state: stateCode.word(state ?? 0), cancelled }
}

/** The codes of engine.require_start. */
const HELD_BY_ANCESTOR = 'OR001'
const PARENT_ENDED = 'OR002'

function rethrowStart(error: unknown): never {
  if (!(error instanceof pg.DatabaseError)) throw error
  if (error.code === PARENT_ENDED) throw new Fenced(error.message)
  if (error.code !== HELD_BY_ANCESTOR) throw error
  const { limit, holder } = JSON.parse(error.detail ?? '{}') as { readonly limit: string; readonly holder: RunId }
  throw new HeldByAncestor(limit, holder)
}

const fencedPlan = (worker: string): string =>
  `select $1::json as plan from engine.worker where worker_id = ${worker} and not fenced for key share`

function announcement(event: EventRow, next: (value: unknown) => string): string {
  const [org, type, subject, data, at] = [event.org, event.type, event.subject, event.data, event.at].map(next)
  return `event_row as (
    insert into engine.event (org_id, type, subject, data, at)
    select ${org}, ${type}, ${subject}, ${data}, to_timestamp(${at}::float8 / 1000) from started where outcome = 'started')`
}

interface Place {
  readonly worker: WorkerId | null
  readonly queue: string
}

async function deliver(pool: pg.Pool, message: Message, tx?: Tx): Promise<DeliverOutcome> {
  const { org, run } = message
  if (message.kind === 'cancel' || message.kind === 'terminate') {
    const text = "select worker, queue from engine.stop($1, $2, $3, $4, $5) where run_id = $2 and outcome in ('ended', 'posted', 'known')"
    const found = await ask<Place>(pool, tx, text, [org, run, message.id, message.reason, message.kind === 'terminate'])
    return await toOutcome(pool, found[0], org, run, tx)
  }
  const packer = new PayloadPacker()
  const { kind, name, payload, error } = toMessageColumns(message, packer)
  const values = [org, run, message.id, kind, name, payload, error === null ? null : JSON.stringify(error)]
  const rows = await askWithBlobs<Place>(
    pool,
    tx,
    packer,
    'select worker, queue from engine.post($1, $2, $3, $4::smallint, $5, $6, $7)',
    values,
  )
  return await toOutcome(pool, rows[0], org, run, tx)
}

/** How many runs one call times out. The next beat sees the rest. */
const EXPIRE_MAX = 100

async function expire(pool: pg.Pool): Promise<readonly string[]> {
  const text = "select distinct queue from engine.expire($1) where outcome = 'readied'"
  return (await ask<{ queue: string }>(pool, undefined, text, [EXPIRE_MAX])).map(({ queue }) => queue)
}

async function setPause(pool: pg.Pool, org: OrgId, run: RunId, paused: boolean, tx?: Tx): Promise<DeliverOutcome> {
  const rows = await ask<Place>(pool, tx, 'select worker, queue from engine.set_pause($1, $2, $3)', [org, run, paused])
  return await toOutcome(pool, rows[0], org, run, tx)
}

async function toOutcome(pool: pg.Pool, place: Place | undefined, org: OrgId, run: RunId, tx?: Tx): Promise<DeliverOutcome> {
  if (place) return { type: 'delivered', ...place }
  const ended = await ask(pool, tx, 'select 1 as one from engine.result where org_id = $1 and run_id = $2', [org, run])
  return ended.length > 0 ? { type: 'finished' } : { type: 'unknown' }
}

async function fork(
  pool: pg.Pool,
  source: Parameters<Controls['fork']>[0],
  target: RunRow,
  edits: Parameters<Controls['fork']>[2],
  tx?: Tx,
): Promise<boolean> {
  const { input, ...rest } = target
  const packer = new PayloadPacker()
  const stored = packer.pack(target.org, input)
  // As text: an edited output keeps the form in which it was written.
  const outputs = Object.fromEntries([...edits].map(([cmd, { output }]) => [cmd, packer.pack(target.org, output)]))
  const plan = JSON.stringify({ ...rest, priority: priorityCode.code(target.priority), parent: null })
  const values = [source.run, source.beforeSeq, plan, stored, JSON.stringify(outputs)]
  const rows = await askWithBlobs<{ done: boolean }>(pool, tx, packer, 'select engine.fork($1, $2, $3, $4, $5) as done', values)
  return onlyRow(rows).done
}
