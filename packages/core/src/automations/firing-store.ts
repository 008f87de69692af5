import type { Json } from '@orrery/contract'
import type { OrgId, RunId } from '@orrery/engine'
import { columns, type Database, empty, prepared, type Sql, sql, type Transaction } from '@orrery/kernel'
import type { StoredRequest } from './automation-row.ts'
import type { RunEnd } from './planning/count-failure.ts'
import type { FiringCause } from './planning/firing-id.ts'

export type FiringOutcome = 'scheduled' | 'buffered' | 'started' | 'existing' | 'skipped' | 'failed'

export interface FiringRow {
  readonly automation_id: string
  readonly firing_id: string
  readonly trigger_key: string | null
  readonly cause: FiringCause['kind']
  readonly version: number
  readonly nominal_at: Date
  readonly fires_at: Date | null
  readonly decided_at: Date
  readonly outcome: FiringOutcome
  readonly reason: string | null
  readonly count: number
  readonly run_id: string | null
  readonly is_running: boolean
  readonly request: StoredRequest | null
}

const NAMES = [
  'automation_id',
  'firing_id',
  'trigger_key',
  'cause',
  'version',
  'nominal_at',
  'fires_at',
  'decided_at',
  'outcome',
  'reason',
  'count',
  'run_id',
  'request',
]
const COLUMNS = columns(NAMES)
/** The columns of a `FiringRow`. */
const SELECTED = sql`${COLUMNS}, going as is_running`
const SELECTED_OF_F = sql`${columns(NAMES, 'f')}, f.going as is_running`

/** Inserts new firings and updates those that waited and are decided now. A firing that was decided before is not changed. */
export async function writeFirings(tx: Transaction, org: string, rows: readonly FiringRow[]): Promise<void> {
  if (rows.length === 0) return
  const values = sql`unnest(
    ${rows.map((row) => row.automation_id)}::uuid[],
    ${rows.map((row) => row.firing_id)}::uuid[],
    ${rows.map((row) => row.trigger_key)}::text[],
    ${rows.map((row) => row.cause)}::text[],
    ${rows.map((row) => row.version)}::int[],
    ${rows.map((row) => row.nominal_at)}::timestamptz[],
    ${rows.map((row) => row.fires_at)}::timestamptz[],
    ${rows.map((row) => row.decided_at)}::timestamptz[],
    ${rows.map((row) => row.outcome)}::text[],
    ${rows.map((row) => row.reason)}::text[],
    ${rows.map((row) => row.count)}::int[],
    ${rows.map((row) => row.run_id)}::uuid[],
    ${rows.map((row) => (row.request === null ? null : JSON.stringify(row.request)))}::json[],
    ${rows.map((row) => row.is_running)}::bool[])`
  const statement = sql`insert into app.firing as f (org_id, ${COLUMNS}, going)
      select ${org}::uuid, u.* from ${values} u(${COLUMNS}, going)
      on conflict (org_id, firing_id) do update set version = excluded.version, decided_at = excluded.decided_at, outcome = excluded.outcome,
        reason = excluded.reason, run_id = excluded.run_id, going = excluded.going, request = excluded.request
      where f.outcome in ('scheduled', 'buffered')`
  await tx.write(prepared('firings_write', statement))
}

export function selectFiring(tx: Transaction, org: string, id: string): Promise<FiringRow | undefined> {
  return tx.row<FiringRow>(sql`select ${SELECTED} from app.firing where org_id = ${org} and firing_id = ${id}`)
}

/** What `decideFirings` needs to know about an automation: its runs in progress, and the starts that wait for one of them to end. */
export interface InProgress {
  readonly running: readonly string[]
  readonly buffered: readonly FiringRow[]
}

/** By automation. A run that has ended is left out, even if its end is not recorded yet. The caller has locked the automations. */
export async function selectInProgress(tx: Transaction, org: string, automations: readonly string[]): Promise<Map<string, InProgress>> {
  const statement = sql`select ${SELECTED_OF_F} from app.firing f
      where f.org_id = ${org} and f.automation_id = any (${automations}) and f.going
        and exists (select from engine.live_view l where l.org_id = f.org_id and l.run_id = f.run_id)
      union all
      (select ${SELECTED_OF_F} from app.firing f
      where f.org_id = ${org} and f.automation_id = any (${automations}) and f.outcome = 'buffered'
      order by f.decided_at, f.nominal_at, f.firing_id)`
  const found = new Map<string, { running: string[]; buffered: FiringRow[] }>()
  for (const row of await tx.rows<FiringRow>(prepared('firings_in_progress', statement))) {
    const inProgress = found.get(row.automation_id) ?? { running: [], buffered: [] }
    if (row.outcome === 'buffered') inProgress.buffered.push(row)
    else if (row.run_id !== null) inProgress.running.push(row.run_id)
    found.set(row.automation_id, inProgress)
  }
  return found
}

export async function countBuffered(tx: Transaction, org: string, automation: string): Promise<number> {
  const row = await tx.row<{ count: string }>(
    sql`select count(*) from app.firing where org_id = ${org} and automation_id = ${automation} and outcome = 'buffered'`,
  )
  return Number(row?.count ?? 0)
}

/** Requested firings whose time has come, oldest first, locked with their automations. Rows locked by another process are skipped. */
export function lockDueFirings(tx: Transaction, org: string, now: Date, limit: number): Promise<FiringRow[]> {
  return tx.rows<FiringRow>(
    sql`select ${SELECTED_OF_F}
        from app.firing f join app.automation a on a.org_id = f.org_id and a.automation_id = f.automation_id
        where f.org_id = ${org} and f.outcome = 'scheduled' and f.fires_at <= ${now} order by f.fires_at limit ${limit}
        for no key update of a, f skip locked`,
  )
}

export interface FiringFilter {
  readonly outcome: FiringOutcome | undefined
  readonly before: { readonly at: string; readonly id: string } | null
  readonly limit: number
}

export type ListedFiring = FiringRow & { readonly run_status: string | null; readonly error: Json }

/** The latest decision first. */
export function selectFirings(
  tx: Transaction,
  org: string,
  automation: string,
  { outcome, before, limit }: FiringFilter,
): Promise<ListedFiring[]> {
  return tx.rows<ListedFiring>(
    sql`select ${SELECTED_OF_F}, v.status run_status from app.firing f
        left join engine.run_view v on v.org_id = f.org_id and v.run_id = f.run_id
        where f.org_id = ${org} and f.automation_id = ${automation} ${outcome === undefined ? empty : sql`and f.outcome = ${outcome}`}
          ${before === null ? empty : sql`and (f.decided_at, f.firing_id) < (${before.at}, ${before.id})`}
        order by f.decided_at desc, f.firing_id desc limit ${limit}`,
  )
}

/** The firing that an earlier request with this key made. */
export function selectFiringByRequestKey(tx: Transaction, org: string, requestKey: string): Promise<FiringRow | undefined> {
  return tx.row<FiringRow>(sql`select ${SELECTED} from app.firing where org_id = ${org} and request_key = ${requestKey}`)
}

export async function setRequestKey(tx: Transaction, org: string, firing: string, requestKey: string): Promise<void> {
  await tx.write(sql`update app.firing set request_key = ${requestKey} where org_id = ${org} and firing_id = ${firing}`)
}

/** Ids of the automations that have one of these runs in progress, sorted. */
export async function selectAutomationsOfRuns(tx: Transaction, org: string, runs: readonly RunId[]): Promise<string[]> {
  const rows = await tx.rows<{ automation_id: string }>(
    sql`select distinct automation_id from app.firing where org_id = ${org} and run_id = any (${runs}) and going`,
  )
  return rows.map((row) => row.automation_id).sort()
}

/** Records that runs have ended. Returns the automation of each run whose end was not recorded before. */
export async function markFiringsEnded(tx: Transaction, org: string, runs: readonly RunId[]): Promise<Map<string, string>> {
  const rows = await tx.rows<{ automation_id: string; run_id: string }>(
    sql`update app.firing set going = false where org_id = ${org} and run_id = any (${runs}) and going returning automation_id, run_id`,
  )
  return new Map(rows.map((row) => [row.run_id, row.automation_id]))
}

export interface EndedRun {
  readonly run: RunId
  readonly status: RunEnd
}

/** Runs of all organizations that ended at least 10 s ago and whose firings still count as in progress, in the order of their ends. */
export function selectUnrecordedEnds(database: Database, limit: number): Promise<(EndedRun & { readonly org: OrgId })[]> {
  return database.ask(
    sql`select f.org_id as org, f.run_id as run,
          coalesce(r.status, 'cancelled') as status
        from app.firing f left join engine.result_view r on r.org_id = f.org_id and r.run_id = f.run_id
        where f.going and not exists (select from engine.live_view l where l.org_id = f.org_id and l.run_id = f.run_id)
          and coalesce(r.finished_at < now() - interval '10 s', true)
        order by r.finished_at nulls first, f.run_id
        limit ${limit}`,
  )
}

/** How many parents and origins of a run are followed. */
const ANCESTORS_MAX = 100

/**
 * How many firings led to a run: its own, if it has one, and those of the runs it descends from (parents, and origins of retries and
 * forks).
 */
export async function selectDepth(tx: Transaction, org: OrgId, run: RunId): Promise<number> {
  const statement = sql`with recursive up(run_id, place) as (
        select ${run}::uuid, 0
        union all
        select coalesce(r.parent_run, r.origin_run), up.place + 1 from up join engine.run_view r on r.org_id = ${org} and r.run_id = up.run_id
        where coalesce(r.parent_run, r.origin_run) is not null and up.place < ${ANCESTORS_MAX}
      )
      select coalesce(max(f.depth) + 1, 0) as depth from up join app.firing f on f.org_id = ${org} and f.firing_id = up.run_id`
  const row = await tx.row<{ depth: number }>(prepared('firing_depth', statement))
  return row?.depth ?? 0
}

export async function setDepth(tx: Transaction, org: string, firing: string, depth: number): Promise<void> {
  await tx.write(sql`update app.firing set depth = ${depth} where org_id = ${org} and firing_id = ${firing}`)
}

export interface SkippedFiring {
  readonly trigger: string
  readonly id: string
  readonly cause: FiringCause['kind']
  readonly nominalAt: Date
  readonly decidedAt: Date
  readonly reason: string
  readonly depth: number
}

/** Records a firing as skipped, without a lock on its automation. Does nothing if the firing is already recorded. */
export async function insertSkippedFiring(tx: Transaction, org: string, refused: SkippedFiring): Promise<void> {
  const { trigger, id, cause, nominalAt, decidedAt, reason, depth } = refused
  await tx.write(
    sql`insert into app.firing (org_id, automation_id, firing_id, trigger_key, cause, version, nominal_at, decided_at, outcome, reason, depth)
        select a.org_id, a.automation_id, ${id}, t.key, ${cause}, a.version, ${nominalAt}, ${decidedAt}, 'skipped', ${reason}, ${depth}
        from app.automation a join app.trigger t on t.org_id = a.org_id and t.automation_id = a.automation_id
        where t.org_id = ${org} and t.trigger_id = ${trigger} on conflict do nothing`,
  )
}

/** Deletes firings of all organizations that were decided before a time, oldest first. Firings of runs in progress stay. */
export async function removeOldFirings(database: Database, before: Date, limit: number): Promise<number> {
  const rows = await database.ask(
    sql`delete from app.firing f using (
          select org_id, firing_id from app.firing
          where decided_at < ${before} and not going and outcome not in ('scheduled', 'buffered') order by decided_at limit ${limit}
        ) old
        where f.org_id = old.org_id and f.firing_id = old.firing_id returning 1`,
  )
  return rows.length
}

/** Firings of all organizations that were requested for a later time. The due clock reads this query. */
export const waitingRequests: Sql = sql`select org_id, fires_at as at from app.firing where outcome = 'scheduled'`
