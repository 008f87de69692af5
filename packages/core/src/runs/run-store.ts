/** Queries for runs and their lists, under row-level security. Everything else about runs comes from the engine's store. */
import type { Json, RunStatus } from '@orrery/contract'
import { droppedSignalMessage } from '@orrery/engine'
import { unpackRows } from '@orrery/engine/postgres'
import { type AnswerTo, columns, empty, type Sql, sql, type Transaction } from '@orrery/kernel'
import { PIPELINE_WORKFLOW } from '../pipelines/interpreter/pipeline-input.ts'

/** A row of `engine.run_view`, which has a run in the vocabulary of the API. */
export interface RunRow {
  readonly org_id: string
  readonly run_id: string
  readonly workflow: string
  readonly bundle: string
  readonly queue: string
  readonly tags: string[]
  readonly created_at: Date
  readonly deadline: Date | null
  readonly parent_run: string | null
  readonly origin_kind: string | null
  readonly origin_run: string | null
  readonly origin_seq: number | null
  readonly priority: string
  readonly status: string
  readonly finished_at: Date | null
  readonly reason: string | null
  readonly automation: string | null
  readonly pipeline: string | null
  /** What its steps may do. Null: it has no authority. */
  readonly scopes: readonly string[] | null
}

const COLUMNS = columns(
  [
    'org_id',
    'run_id',
    'workflow',
    'bundle',
    'queue',
    'tags',
    'created_at',
    'deadline',
    'parent_run',
    'origin_kind',
    'origin_run',
    'origin_seq',
    'priority',
    'status',
    'finished_at',
    'reason',
    'scopes',
  ],
  'v',
)

/** How many origins of a run are followed. */
const ORIGINS_MAX = 100

/** PostgreSQL refuses to read members of JSON that has escapes of NUL or of halves of surrogate pairs, as the text of a caller may. */
const READABLE = sql`regexp_replace(v.input::text, ${'\\\\u(?:0000|d[89a-f][0-9a-f]{2})'}, ${'\\\\u0001'}, 'gi')`

/**
 * The names of the automation that fired a run `v`, or fired the run that it repeats, and of the pipeline that it executes. A firing's id is
 * its run's id. An input over 64 KB is not in the row, and then the pipeline has no name.
 */
const NAMES = sql`
  (with recursive up(run_id, origin_run, place) as (
     select v.run_id, v.origin_run, 0
     union all
     select r.run_id, r.origin_run, up.place + 1 from up join engine.run_view r on r.org_id = v.org_id and r.run_id = up.origin_run
     where up.place < ${ORIGINS_MAX}
   )
   select a.name from up join app.firing f on f.org_id = v.org_id and f.firing_id = up.run_id
   join app.automation a on a.org_id = f.org_id and a.automation_id = f.automation_id limit 1) as automation,
  case when v.workflow = ${PIPELINE_WORKFLOW} then ${READABLE}::json->'run'->>'pipeline' end as pipeline`

export interface RunFilter {
  readonly workflow: string | undefined
  readonly status: RunStatus | undefined
  readonly tag: string | undefined
  readonly since: Date | undefined
  readonly until: Date | undefined
  readonly parent: string | undefined
  /** Only runs with a smaller id. */
  readonly before: string | null
  readonly limit: number
}

/** Newest first: ids sort by time. */
export function selectRuns(tx: Transaction, org: string, filter: RunFilter): Promise<RunRow[]> {
  const { workflow, status, tag, since, until, parent, before, limit } = filter
  return tx.rows<RunRow>(
    sql`select ${COLUMNS}, ${NAMES} from engine.run_view v ${joinFewer(status)}
        where v.org_id = ${org} ${workflow === undefined ? empty : sql`and v.workflow = ${workflow}`}
          ${tag === undefined ? empty : sql`and ${tag} = any (v.tags)`} ${parent === undefined ? empty : sql`and v.parent_run = ${parent}`}
          ${before === null ? empty : sql`and v.run_id < ${before}`} ${until === undefined ? empty : sql`and v.created_at < ${until}`}
          ${since === undefined ? empty : isSince(since)} ${status === undefined ? empty : sql`and v.status = ${status}`}
        order by v.run_id desc limit ${limit}`,
  )
}

/** An id contains its time of creation, which for a child may be a little earlier than that of its row. */
function isSince(since: Date): Sql {
  return sql`and v.created_at >= ${since} and v.run_id >= engine.uuid_at(${since}::timestamptz - interval '1 day')`
}

/** Statuses that few runs have, so that it is cheaper to begin the query with these runs. */
const LIVE: readonly RunStatus[] = ['queued', 'running', 'waiting', 'paused', 'blocked']
const BAD: readonly RunStatus[] = ['failed', 'cancelled', 'timed_out']

/** Joins the small table or index that holds the runs of a status. */
function joinFewer(status: RunStatus | undefined): Sql {
  if (status === undefined) return empty
  if (LIVE.includes(status)) return sql`join engine.live_view x on x.org_id = v.org_id and x.run_id = v.run_id`
  if (BAD.includes(status)) return sql`join engine.unsuccessful_view x on x.org_id = v.org_id and x.run_id = v.run_id`
  return empty
}

export function selectRun(tx: Transaction, org: string, run: string): Promise<RunRow | undefined> {
  return tx.row<RunRow>(sql`select ${COLUMNS}, ${NAMES} from engine.run_view v where v.org_id = ${org} and v.run_id = ${run}`)
}

interface Payloads {
  readonly input: Json
  readonly output: Json
  readonly error: unknown
}

/** The decoded payloads of a run; null if the run does not exist. */
export async function selectPayloads(tx: Transaction, org: string, run: string): Promise<Payloads | null> {
  const rows = await tx.rows<{ org: string; input: string | null; output: string | null; error: unknown }>(
    sql`select v.org_id as org, v.input::text as input, v.output::text as output, v.error from engine.run_view v
        where v.org_id = ${org} and v.run_id = ${run}`,
  )
  const [row] = await unpackRows(tx.client, rows, ['input', 'output'])
  return row === undefined ? null : { input: parse(row.input), output: parse(row.output), error: row.error }
}

interface JournalRow {
  readonly org: string
  readonly seq: number
  readonly kind: AnswerTo<'runs.history'>['items'][number]['kind']
  readonly cmd: number
  readonly name: string
  readonly attempt: number
  readonly input: string | null
  readonly output: string | null
  readonly error: unknown
  readonly started_at: Date
  readonly at: Date
}

/** A row of a run's history with decoded payloads. */
export type HistoryRow = Omit<JournalRow, 'input' | 'output'> & {
  readonly input: Json
  readonly output: Json
}

export async function selectHistory(tx: Transaction, org: string, run: string, afterSeq: number, limit: number): Promise<HistoryRow[]> {
  const rows = await tx.rows<JournalRow>(
    sql`select org_id as org, seq, kind, cmd, name, attempt, input::text as input, output::text as output, error, started_at, at
        from engine.journal_view where org_id = ${org} and run_id = ${run} and seq > ${afterSeq}::bigint order by seq limit ${limit}`,
  )
  const unpacked = await unpackRows(tx.client, rows, ['input', 'output'])
  return unpacked.map((row) => ({ ...row, input: parse(row.input), output: parse(row.output) }))
}

/** The last step or child of a run that failed for good; undefined if none did. */
export async function selectLastFailure(tx: Transaction, org: string, run: string): Promise<HistoryRow | undefined> {
  const rows = await tx.rows<JournalRow>(
    sql`select org_id as org, seq, kind, cmd, name, attempt, input::text as input, null as output, error, started_at, at
        from engine.journal_view where org_id = ${org} and run_id = ${run} and kind in ('step', 'child') and error is not null
        order by seq desc limit 1`,
  )
  const [row] = await unpackRows(tx.client, rows, ['input'])
  return row === undefined ? undefined : { ...row, input: parse(row.input), output: null }
}

/** Whether a queue is paused, and whether a worker that is alive takes runs of this organization from it. */
export async function selectQueueService(
  tx: Transaction,
  org: string,
  queue: string,
): Promise<{ readonly isPaused: boolean; readonly isServed: boolean }> {
  const row = await tx.row<{ paused: boolean; served: boolean }>(
    sql`select
          exists (select from engine.queue_view where org_id = ${org} and queue = ${queue} and paused) as paused,
          exists (select from engine.worker_view
                  where alive and ${queue} = any (queues)
                    and (orgs is null or ${org} = any (orgs))) as served`,
  )
  return { isPaused: row?.paused ?? false, isServed: row?.served ?? false }
}

/** How many signals of a run have arrived and were not taken by a wait, by name. */
export function selectUnreadSignals(
  tx: Transaction,
  org: string,
  run: string,
): Promise<{ readonly name: string; readonly count: number }[]> {
  return tx.rows<{ name: string; count: number }>(
    sql`select name, count(*)::int as count from engine.unread_signal_view
        where org_id = ${org} and run_id = ${run} group by name order by min(arrival) limit ${SIGNALS_MAX}`,
  )
}

/** The most names of signals that an explanation lists. */
const SIGNALS_MAX = 10

/** How many signals of these names a run has dropped because they did not fit, and the issues of the last. */
export async function selectDroppedSignals(
  tx: Transaction,
  org: string,
  run: string,
  names: readonly string[],
): Promise<{ readonly name: string; readonly count: number; readonly issues: unknown }[]> {
  const byMessage = new Map(names.slice(0, SIGNALS_MAX).map((name) => [droppedSignalMessage(name), name]))
  const rows = await tx.rows<{ message: string; count: number; issues: unknown }>(
    sql`select l.message, count(*)::int as count, (array_agg(l.data order by l.id desc))[1] as issues from engine.log_view l
        where l.org_id = ${org} and l.run_id = ${run} and l.cmd = 0 and l.level = 'warn' and l.message = any (${[...byMessage.keys()]})
        group by l.message`,
  )
  return rows.map(({ message, ...row }) => ({ name: byMessage.get(message) ?? '', ...row }))
}

/** Those of the commands that have a recorded step. */
export async function selectStepCommands(tx: Transaction, org: string, run: string, commands: readonly number[]): Promise<Set<number>> {
  const rows = await tx.rows<{ cmd: number }>(
    sql`select cmd from engine.journal_view where org_id = ${org} and run_id = ${run} and kind = 'step' and cmd = any (${commands})`,
  )
  return new Set(rows.map(({ cmd }) => cmd))
}

/** The number of the last row of the history; 0 if the history is empty. */
export async function selectLastSeq(tx: Transaction, org: string, run: string): Promise<number> {
  const row = await tx.row<{ seq: number | null }>(
    sql`select max(seq) as seq from engine.journal_view where org_id = ${org} and run_id = ${run}`,
  )
  return row?.seq ?? 0
}

export interface LogRow {
  readonly id: string
  readonly cmd: number
  readonly step: string | null
  readonly attempt: number
  readonly at: Date
  readonly level: string
  readonly message: string
  readonly data: Json
}

/** Ordered by number: a bare `order by id` would sort by the selected text. */
export async function selectLogs(tx: Transaction, org: string, run: string, afterId: string, limit: number): Promise<LogRow[]> {
  const rows = await tx.rows<Omit<LogRow, 'data'> & { readonly org: string; readonly data: string | null }>(
    sql`select l.org_id as org, l.id::text, l.cmd, l.step, l.attempt, l.at, l.level, l.message, l.data::text as data from engine.log_view l
        where l.org_id = ${org} and l.run_id = ${run} and l.id > ${afterId} order by l.id limit ${limit}`,
  )
  return (await unpackRows(tx.client, rows, ['data'])).map((row) => ({ ...row, data: parse(row.data) }))
}

function parse(text: string | null): Json {
  return text === null ? null : (JSON.parse(text) as Json)
}
