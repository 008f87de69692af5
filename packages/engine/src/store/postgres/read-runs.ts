import type pg from 'pg'
import type { Failure } from '../../workflow/protocol.ts'
import type { FinishRow, JournalRow, JsonText, LiveRow, Message, OrgId, RunId, RunRow, Store, Wait } from '../store.ts'
import { journalCode, priorityCode, stateCode, statusCode } from './codes.ts'
import { toMessage } from './message-columns.ts'
import { unpackRows } from './payload.ts'
import { runColumns, type StoredRun, toRunRow } from './run-columns.ts'

type Reads = Pick<Store, 'history' | 'inbox' | 'progress' | 'live' | 'holders' | 'run' | 'result' | 'liveRuns'>

export function readRuns(pool: pg.Pool): Reads {
  return {
    history: (org, run, from) => readHistory(pool, org, run, from),
    inbox: (org, run) => readInbox(pool, org, run),
    progress: (org, run, cmd) => readProgress(pool, org, run, cmd),
    live: async (org, run) => (await readLive(pool, 'live_one', 'l.org_id = $1 and l.run_id = $2', [org, run]))[0] ?? null,
    holders: async (org, name, limit) => {
      const text = 'select run_id as run from engine.hold where org_id = $1 and name = $2 and held order by run_id limit $3'
      return (await pool.query<{ run: RunId }>(text, [org, name, limit])).rows.map(({ run }) => run)
    },
    run: (org, run) => readRun(pool, org, run),
    result: (org, run) => readResult(pool, org, run),
    liveRuns: (org, workflow, after, limit) =>
      readLive(
        pool,
        'live_runs',
        'l.org_id = $1 and ($2::text is null or r.workflow = $2) and ($3::uuid is null or l.run_id > $3) order by l.run_id limit $4',
        [org, workflow, after, limit],
      ),
  }
}

type StoredJournal = Omit<JournalRow, 'kind'> & { readonly kind: number }

async function readHistory(pool: pg.Pool, org: OrgId, run: RunId, from: number): Promise<readonly JournalRow[]> {
  const { rows } = await pool.query<StoredJournal>({
    name: 'history',
    text: `select org_id as org, run_id as run, seq, kind, cmd, name, input::text as input, output::text as output, error, attempt,
                  engine.ms(started_at) as "startedAt", engine.ms(at) as at
           from engine.journal where org_id = $1 and run_id = $2 and seq >= $3 order by seq`,
    values: [org, run, from],
  })
  return (await unpackRows(pool, rows, ['input', 'output'])).map((row) => ({ ...row, kind: journalCode.word(row.kind) }))
}

interface StoredInbox {
  readonly org: OrgId
  readonly wakes: number
  readonly pauseRequested: boolean
  readonly id: string | null
  readonly kind: number
  readonly name: string
  readonly payload: JsonText | null
  readonly error: Failure | null
}

/** One statement, so one snapshot: either a message is in the result, or `wakes` has not counted it yet. */
async function readInbox(pool: pg.Pool, org: OrgId, run: RunId): ReturnType<Store['inbox']> {
  const { rows } = await pool.query<StoredInbox>({
    name: 'inbox',
    text: `select l.org_id as org, l.wakes, l.pause as "pauseRequested", i.id, i.kind, i.name, i.payload::text as payload, i.error
           from engine.live l left join engine.inbox i on i.org_id = l.org_id and i.run_id = l.run_id and not i.read
           where l.org_id = $1 and l.run_id = $2 order by i.arrival`,
    values: [org, run],
  })
  const first = rows[0]
  if (first === undefined) return null
  const messages: Message[] = []
  for (const row of await unpackRows(pool, rows, ['payload'])) if (row.id !== null) messages.push(toMessage({ org, run, id: row.id }, row))
  return { wakes: first.wakes, pauseRequested: first.pauseRequested, messages }
}

async function readProgress(pool: pg.Pool, org: OrgId, run: RunId, cmd: number): Promise<JsonText | null> {
  const { rows } = await pool.query<{ org: OrgId; details: string }>(
    'select org_id as org, details::text as details from engine.progress where org_id = $1 and run_id = $2 and cmd = $3',
    [org, run, cmd],
  )
  return (await unpackRows(pool, rows, ['details']))[0]?.details ?? null
}

type StoredLive = Omit<LiveRow, 'state' | 'priority' | 'waits'> & {
  readonly state: number
  readonly priority: number
  readonly waits: Wait[] | null
}

async function readLive(pool: pg.Pool, name: string, where: string, values: unknown[]): Promise<LiveRow[]> {
  const { rows } = await pool.query<StoredLive>({
    name,
    text: `select l.org_id as org, l.run_id as run, r.workflow, coalesce(l.bundle, r.bundle) as bundle, l.queue, l.state, l.priority,
                  engine.ms(l.at) as at, l.worker, l.crashes, l.waits, l.reason, l.gate, l.pause as "pauseRequested",
                  l.next_seq as "nextSeq", l.base
           from engine.live l join engine.run r on r.org_id = l.org_id and r.run_id = l.run_id where ${where}`,
    values,
  })
  return rows.map((row) => ({
    ...row,
    state: stateCode.word(row.state),
    priority: priorityCode.word(row.priority),
    waits: row.waits ?? [],
  }))
}

/** The bundle is the one that the run is pinned to now: its last `version` row's, if it was moved. */
async function readRun(pool: pg.Pool, org: OrgId, run: RunId): Promise<RunRow | null> {
  const { rows } = await pool.query<StoredRun & { moved: string | null }>({
    name: 'run',
    text: `select ${runColumns('r', null)},
                  (select j.name from engine.journal j where j.org_id = $1 and j.run_id = $2 and j.kind = 8 order by j.seq desc limit 1) as moved
           from engine.run r where r.org_id = $1 and r.run_id = $2`,
    values: [org, run],
  })
  const row = (await unpackRows(pool, rows, ['input']))[0]
  return row === undefined ? null : toRunRow({ ...row, bundle: row.moved ?? row.bundle })
}

type StoredResult = Omit<FinishRow, 'status'> & { readonly status: number }

async function readResult(pool: pg.Pool, org: OrgId, run: RunId): Promise<FinishRow | null> {
  const { rows } = await pool.query<StoredResult>({
    name: 'result',
    text: `select org_id as org, run_id as run, status, output::text as output, error, engine.ms(at) as at, false as holds, null as children
           from engine.result where org_id = $1 and run_id = $2`,
    values: [org, run],
  })
  const row = (await unpackRows(pool, rows, ['output']))[0]
  return row === undefined ? null : { ...row, status: statusCode.word(row.status) }
}
