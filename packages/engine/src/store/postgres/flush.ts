import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { emptyBatch } from '../empty-batch.ts'
import type { CompanionRow, FlushBatch, FlushResult, OrgId, RunId, WorkerId } from '../store.ts'
import { Ambiguous, Fenced, Refused } from '../store-errors.ts'
import { classifyError } from './classify-error.ts'
import { composeFlush } from './compose-flush.ts'

/**
 * A table of the host. `text` inserts many rows at once and gets one array per column (`… select * from unnest($1::uuid[], $2::text[])`).
 */
export interface Companion {
  readonly text: string
}

export type Companions = Readonly<Record<string, Companion>>

type UseConnection = <T>(work: (client: pg.ClientBase) => Promise<T>) => Promise<T>

const RACES_MAX = 6
const BUSY_MAX = 5
/** Before the next attempt, for each race lost, and for each time that the database was busy. */
const RACE_PAUSE_MS_MAX = 10
const BUSY_PAUSE_MS_MAX = 200

/** Writes a batch. Writes it again if it lost a race, because then nothing was written. */
export async function flushBatch(use: UseConnection, companions: Companions, asked: FlushBatch): Promise<FlushResult> {
  const batch = withoutEnded(asked)
  requireWorker(batch)
  let resent = false
  let races = 0
  let busy = 0
  for (;;) {
    try {
      return await use((client) => writeBatch(client, companions, batch, resent))
    } catch (error) {
      if (error instanceof Fenced || error instanceof Ambiguous) throw error
      const verdict = classifyError(error)
      const message = error instanceof Error ? error.message : String(error)
      if (verdict === 'lost') throw new Ambiguous(message, { cause: error })
      if (verdict === 'duplicate' && batch.starts.length > 0 && !resent) {
        resent = true
        continue
      }
      if (verdict === 'busy' && ++busy > BUSY_MAX) throw new Ambiguous(message, { cause: error })
      if (verdict === 'refused' || verdict === 'duplicate' || (verdict === 'race' && ++races > RACES_MAX)) {
        throw new Refused(message, { cause: error })
      }
      // Random, so that two processes that lost a race do not meet again.
      await delay(Math.random() * (races * RACE_PAUSE_MS_MAX + busy * BUSY_PAUSE_MS_MAX))
    }
  }
}

/** The messages that a run received in its last batch are deleted with its whole inbox: one statement cannot update a row and delete it. */
function withoutEnded(batch: FlushBatch): FlushBatch {
  if (batch.finishes.length === 0 || batch.received.length === 0) return batch
  const ended = new Set(batch.finishes.map((row) => row.run))
  return { ...batch, received: batch.received.filter((row) => !ended.has(row.run)) }
}

function requireWorker(batch: FlushBatch): void {
  if (batch.worker !== null) return
  const workersOnly = batch.journal.length + batch.finishes.length + batch.parks.length + batch.received.length
  if (workersOnly > 0 || batch.starts.some((start) => start.state === 'running')) throw new Refused('only a worker may write this')
}

/**
 * One statement suffices for most batches. Companions, limits to release, runs to stop or a conflict inside the batch need a transaction
 * around several.
 */
async function writeBatch(client: pg.ClientBase, companions: Companions, batch: FlushBatch, resent: boolean): Promise<FlushResult> {
  const holders = batch.finishes.filter((finish) => finish.holds)
  const leaving = batch.finishes.filter((finish) => finish.children !== null)
  const stops = batch.messages.filter((message) => message.kind === 'cancel')
  const { first, later } = splitMessages({ ...batch, messages: batch.messages.filter((message) => message.kind !== 'cancel') })
  if (holders.length + leaving.length + stops.length + batch.companions.length === 0 && later === null)
    return await writeRows(client, first, resent)
  await client.query('begin')
  try {
    // Locks limits before live rows, as everything does that ends runs.
    if (holders.length + stops.length > 0)
      await client.query({ name: 'lock_limits', text: 'select engine.lock_limits($1, $2)', values: addresses([...holders, ...stops]) })
    const results = [await writeRows(client, first, resent)]
    if (later !== null) results.push(await writeRows(client, later, resent))
    for (const statement of companionStatements(companions, batch.companions)) await client.query(statement)
    if (holders.length > 0) results.push(await readEffects(client, releaseStatement, addresses(holders)))
    if (stops.length > 0) {
      const values = [...addresses(stops), stops.map(({ id }) => id), stops.map((stop) => stop.reason)]
      results.push(await readEffects(client, stopStatement, values))
    }
    if (leaving.length > 0) results.push(await readEffects(client, closeStatement, addresses(leaving)))
    await client.query('commit')
    return {
      kept: results.flatMap((result) => result.kept),
      held: results.flatMap((result) => result.held),
      readied: results.flatMap((result) => result.readied),
      poked: results.flatMap((result) => result.poked),
    }
  } catch (error) {
    if (classifyError(error) !== 'lost') await client.query('rollback')
    throw error
  }
}

const addresses = (rows: readonly { readonly org: OrgId; readonly run: RunId }[]) => [
  rows.map(({ org }) => org),
  rows.map(({ run }) => run),
]

interface Effect {
  readonly run: RunId
  readonly queue: string
  readonly worker: WorkerId | null
}

const releaseStatement = { name: 'release', text: 'select run_id as run, queue, null as worker from engine.release($1, $2)' }
const stopStatement = {
  name: 'stop',
  text: `select e.run_id as run, e.queue, e.worker
         from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) with ordinality u(org_id, run_id, id, reason, n)
         cross join lateral engine.stop(u.org_id, u.run_id, u.id, u.reason, false) e
         where e.outcome in ('posted', 'readied', 'poked') order by u.n`,
}
const closeStatement = {
  name: 'close',
  text: `select run_id as run, queue, worker from engine.close_children($1, $2) where outcome in ('posted', 'readied', 'poked')`,
}

/** What a statement did to runs that still live: one with a worker has to look, any other may be claimed. */
async function readEffects(
  client: pg.ClientBase,
  statement: { readonly name: string; readonly text: string },
  values: unknown[],
): Promise<FlushResult> {
  const { rows } = await client.query<Effect>({ ...statement, values })
  return {
    kept: [],
    held: [],
    readied: rows.filter(({ worker }) => worker === null).map(({ run, queue }) => ({ run, queue })),
    poked: rows.flatMap(({ run, worker }) => (worker === null ? [] : [{ run, worker }])),
  }
}

interface Readied {
  readonly run: RunId
  readonly queue: string
}

interface FlushRow {
  readonly fence?: number
  readonly kept?: RunId[]
  readonly held?: RunId[]
  readonly readied?: Readied[] | null
  readonly poked?: { readonly run: RunId; readonly worker: WorkerId }[] | null
}

async function writeRows(client: pg.ClientBase, batch: FlushBatch, resent: boolean): Promise<FlushResult> {
  const statement = composeFlush(batch, resent)
  if (statement === null) return { kept: [], held: [], readied: [], poked: [] }
  const row = (await client.query<FlushRow>(statement)).rows[0]
  // Invariant (I5): the fence guards every part of the statement, so nothing was written.
  if (row?.fence === 0) throw new Fenced(`worker ${batch.worker} is fenced`)
  return { kept: row?.kept ?? [], held: row?.held ?? [], readied: row?.readied ?? [], poked: row?.poked ?? [] }
}

/**
 * A statement can write a live row only once. Messages to a run that the batch also starts, ends or parks go into a second statement, which
 * sees the effect of the first.
 */
function splitMessages(batch: FlushBatch): { first: FlushBatch; later: FlushBatch | null } {
  if (batch.messages.length === 0 || batch.starts.length + batch.finishes.length + batch.parks.length === 0)
    return { first: batch, later: null }
  const touched = new Set([...batch.starts, ...batch.finishes, ...batch.parks].map((row) => row.run))
  const later = batch.messages.filter((message) => touched.has(message.run))
  if (later.length === 0) return { first: batch, later: null }
  return {
    first: { ...batch, messages: batch.messages.filter((message) => !touched.has(message.run)) },
    later: { ...emptyBatch, worker: batch.worker, messages: later },
  }
}

function companionStatements(companions: Companions, rows: readonly CompanionRow[]): { name: string; text: string; values: unknown[] }[] {
  const byTable = new Map<string, CompanionRow[]>()
  for (const row of rows) {
    const known = byTable.get(row.table)
    if (known) known.push(row)
    else byTable.set(row.table, [row])
  }
  return [...byTable].map(([table, list]) => {
    const text = companions[table]?.text
    if (text === undefined) throw new Refused(`no companion table ${table}`)
    const columns = (list[0]?.values ?? []).map((_, column) => list.map((row) => row.values[column] ?? null))
    return { name: `companion_${table}`, text, values: columns }
  })
}
