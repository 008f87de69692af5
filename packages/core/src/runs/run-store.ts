/** Lists of runs and their rows, read under row-level security. Single runs with their payloads come from the engine's store. */
import type { Json, RunStatus } from '@orrery/contract'
import { unpackRows } from '@orrery/engine/postgres'
import { sql } from 'kysely'
import type { Transaction } from '../database/database.ts'

const COLUMNS = [
  'v.org_id',
  'v.run_id',
  'v.workflow',
  'v.bundle',
  'v.queue',
  'v.tags',
  'v.created_at',
  'v.deadline',
  'v.parent_run',
  'v.origin_kind',
  'v.origin_run',
  'v.origin_seq',
  'v.priority',
  'v.status',
  'v.finished_at',
  'v.reason',
] as const

export type RunListRow = Awaited<ReturnType<typeof selectRuns>>[number]

export interface RunFilter {
  readonly workflow: string | undefined
  readonly status: RunStatus | undefined
  readonly tag: string | undefined
  readonly since: Date | undefined
  readonly until: Date | undefined
  readonly parent: string | undefined
  /** Runs with a smaller id only. */
  readonly before: string | null
  readonly limit: number
}

/** Statuses of which there are few compared with all runs, so that the list is found from their side. */
const LIVE: readonly RunStatus[] = ['queued', 'running', 'waiting', 'paused', 'blocked']
const BAD: readonly RunStatus[] = ['failed', 'cancelled', 'timed_out']

/** Newest first: ids sort by time. */
export function selectRuns(tx: Transaction, org: string, filter: RunFilter) {
  let query = startFrom(tx, filter.status).select(COLUMNS).where('v.org_id', '=', org)
  if (filter.workflow !== undefined) query = query.where('v.workflow', '=', filter.workflow)
  if (filter.tag !== undefined) query = query.where(sql<boolean>`${filter.tag} = any (v.tags)`)
  if (filter.parent !== undefined) query = query.where('v.parent_run', '=', filter.parent)
  if (filter.before !== null) query = query.where('v.run_id', '<', filter.before)
  if (filter.until !== undefined) query = query.where('v.created_at', '<', filter.until)
  if (filter.since !== undefined) {
    // An id carries the time it was made at, which for a child may be a little before its row's.
    const oldest = sql<boolean>`v.run_id >= engine.uuid_at(${filter.since}::timestamptz - interval '1 day')`
    query = query.where('v.created_at', '>=', filter.since).where(oldest)
  }
  if (filter.status !== undefined) query = query.where('v.status', '=', filter.status)
  return query.orderBy('v.run_id', 'desc').limit(filter.limit).execute()
}

/** Joined with the small table or index that holds the runs of a status, so that the page can be found from there. */
function startFrom(tx: Transaction, status: RunStatus | undefined) {
  const runs = tx.kysely.selectFrom('engine.run_view as v')
  if (status !== undefined && LIVE.includes(status)) {
    return runs.innerJoin('engine.live as x', (join) => join.onRef('x.org_id', '=', 'v.org_id').onRef('x.run_id', '=', 'v.run_id'))
  }
  if (status !== undefined && BAD.includes(status)) {
    return runs.innerJoin('engine.result as x', (join) =>
      join.onRef('x.org_id', '=', 'v.org_id').onRef('x.run_id', '=', 'v.run_id').on('x.status', '<>', 1),
    )
  }
  return runs
}

export async function selectRun(tx: Transaction, org: string, run: string): Promise<RunListRow | undefined> {
  return tx.kysely
    .selectFrom('engine.run_view as v')
    .select(COLUMNS)
    .where('v.org_id', '=', org)
    .where('v.run_id', '=', run)
    .executeTakeFirst()
}

/** The payloads of a run, decoded; null if there is no such run. */
export async function selectPayloads(
  tx: Transaction,
  org: string,
  run: string,
): Promise<{ input: Json; output: Json | null; error: unknown } | null> {
  const { rows } = await tx.client.query<{ org: string; input: string | null; output: string | null; error: unknown }>(
    `select r.org_id as org, r.input::text as input, s.output::text as output, s.error from engine.run r
     left join engine.result s on s.org_id = r.org_id and s.run_id = r.run_id where r.org_id = $1 and r.run_id = $2`,
    [org, run],
  )
  const [row] = await unpackRows(tx.client, rows, ['input', 'output'])
  return row === undefined ? null : { input: parse(row.input), output: parse(row.output), error: row.error }
}

/** Codes of engine.journal.kind, from 1. */
const KINDS = ['step', 'sleep', 'signal', 'child', 'cancel', 'attempt', 'patch', 'version', 'generation'] as const

export async function selectHistory(tx: Transaction, org: string, run: string, afterSeq: number, limit: number) {
  const { rows } = await tx.client.query<{
    org: string
    seq: number
    kind: number
    cmd: number
    name: string
    attempt: number
    input: string | null
    output: string | null
    error: unknown
    started_at: Date
    at: Date
  }>(
    `select org_id as org, seq, kind, cmd, name, attempt, input::text as input, output::text as output, error, started_at, at
     from engine.journal where org_id = $1 and run_id = $2 and seq > $3::bigint order by seq limit $4`,
    [org, run, afterSeq, limit],
  )
  const unpacked = await unpackRows(tx.client, rows, ['input', 'output'])
  return unpacked.map((row) => ({ ...row, kind: KINDS[row.kind - 1] ?? 'step', input: parse(row.input), output: parse(row.output) }))
}

/** The commands among these that a row of a step answers. */
export async function selectStepCommands(tx: Transaction, org: string, run: string, commands: readonly number[]): Promise<Set<number>> {
  const { rows } = await tx.client.query<{ cmd: number }>(
    'select cmd from engine.journal where org_id = $1 and run_id = $2 and kind = 1 and cmd = any ($3)',
    [org, run, commands],
  )
  return new Set(rows.map(({ cmd }) => cmd))
}

/** Number of the last row of the history; 0 if it is empty. */
export async function selectLastSeq(tx: Transaction, org: string, run: string): Promise<number> {
  const { rows } = await tx.client.query<{ seq: number | null }>(
    'select max(seq) as seq from engine.journal where org_id = $1 and run_id = $2',
    [org, run],
  )
  return rows[0]?.seq ?? 0
}

export async function selectLogs(tx: Transaction, org: string, run: string, afterId: string, limit: number) {
  const { rows } = await tx.client.query<{
    id: string
    cmd: number
    attempt: number
    at: Date
    level: string
    message: string
    data: unknown
  }>(
    `select id::text, cmd, attempt, at, level, message, data from engine.log
     where org_id = $1 and run_id = $2 and id > $3 order by id limit $4`,
    [org, run, afterId, limit],
  )
  return rows
}

function parse(text: string | null): Json {
  return text === null ? null : (JSON.parse(text) as Json)
}
