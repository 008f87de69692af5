import type { Json } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
import type { StoredRequest } from './automation-row.ts'

export type FiringCauseName = 'schedule' | 'event' | 'condition' | 'webhook' | 'manual' | 'backfill' | 'agent'
export type FiringOutcome = 'scheduled' | 'buffered' | 'started' | 'existing' | 'skipped' | 'failed'

export interface FiringRow {
  readonly automation_id: string
  readonly firing_id: string
  readonly trigger_key: string | null
  readonly cause: FiringCauseName
  readonly version: number
  readonly nominal_at: Date
  readonly fires_at: Date | null
  readonly decided_at: Date
  readonly outcome: FiringOutcome
  readonly reason: string | null
  readonly count: number
  readonly run_id: string | null
  readonly going: boolean
  readonly request: StoredRequest | null
}

export const FIRING_COLUMNS = `automation_id, firing_id, trigger_key, cause, version, nominal_at, fires_at, decided_at, outcome, reason, count, run_id,
  going, request`

/** New ones, and those that waited and are decided now. One that was decided stays as it is. */
export async function writeFirings(tx: Transaction, org: string, rows: readonly FiringRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx.client.query({
    name: 'firings_write',
    text: `insert into app.firing as f (org_id, ${FIRING_COLUMNS})
     select $1, u.* from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::timestamptz[], $8::timestamptz[],
       $9::timestamptz[], $10::text[], $11::text[], $12::int[], $13::uuid[], $14::bool[], $15::json[]) u(${FIRING_COLUMNS})
     on conflict (org_id, firing_id) do update set version = excluded.version, decided_at = excluded.decided_at, outcome = excluded.outcome,
       reason = excluded.reason, run_id = excluded.run_id, going = excluded.going, request = excluded.request
     where f.outcome in ('scheduled', 'buffered')`,
    values: [
      org,
      rows.map((row) => row.automation_id),
      rows.map((row) => row.firing_id),
      rows.map((row) => row.trigger_key),
      rows.map((row) => row.cause),
      rows.map((row) => row.version),
      rows.map((row) => row.nominal_at),
      rows.map((row) => row.fires_at),
      rows.map((row) => row.decided_at),
      rows.map((row) => row.outcome),
      rows.map((row) => row.reason),
      rows.map((row) => row.count),
      rows.map((row) => row.run_id),
      rows.map((row) => row.going),
      rows.map((row) => (row.request === null ? null : JSON.stringify(row.request))),
    ],
  })
}

export async function selectFirings(tx: Transaction, org: string, ids: readonly string[]): Promise<FiringRow[]> {
  const text = `select ${FIRING_COLUMNS} from app.firing where org_id = $1 and firing_id = any ($2)`
  return (await tx.client.query<FiringRow>(text, [org, ids])).rows
}

/** What concerns the next decision about each of some automations: runs that are going, and starts that wait for their end. */
export interface Standing {
  readonly going: readonly string[]
  readonly buffered: readonly FiringRow[]
}

/** A run that has ended is not going, whether or not its end was settled. The automations are locked. */
export async function selectStandings(tx: Transaction, org: string, automations: readonly string[]): Promise<Map<string, Standing>> {
  const { rows } = await tx.client.query<FiringRow>({
    name: 'firings_standing',
    text: `select ${FIRING_COLUMNS.replaceAll(/(\w+)/g, 'f.$1')} from app.firing f
     where f.org_id = $1 and f.automation_id = any ($2) and f.going
       and exists (select from engine.live l where l.org_id = f.org_id and l.run_id = f.run_id)
     union all
     (select ${FIRING_COLUMNS.replaceAll(/(\w+)/g, 'f.$1')} from app.firing f
     where f.org_id = $1 and f.automation_id = any ($2) and f.outcome = 'buffered' order by f.decided_at, f.nominal_at, f.firing_id)`,
    values: [org, automations],
  })
  const found = new Map<string, { going: string[]; buffered: FiringRow[] }>()
  for (const row of rows) {
    const standing = found.get(row.automation_id) ?? { going: [], buffered: [] }
    if (row.outcome === 'buffered') standing.buffered.push(row)
    else if (row.run_id !== null) standing.going.push(row.run_id)
    found.set(row.automation_id, standing)
  }
  return found
}

export interface FiringFilter {
  readonly outcome: FiringOutcome | undefined
  readonly before: { readonly at: string; readonly id: string } | null
  readonly limit: number
}

export type ListedFiring = FiringRow & { readonly run_status: string | null; readonly error: Json }

/** The last decided first. */
export async function listRows(tx: Transaction, org: string, automation: string, filter: FiringFilter): Promise<ListedFiring[]> {
  const { rows } = await tx.client.query<ListedFiring>(
    `select ${FIRING_COLUMNS.replaceAll(/(\w+)/g, 'f.$1')}, v.status run_status from app.firing f
     left join engine.run_view v on v.org_id = f.org_id and v.run_id = f.run_id
     where f.org_id = $1 and f.automation_id = $2 and ($3::text is null or f.outcome = $3)
       and ($4::timestamptz is null or (f.decided_at, f.firing_id) < ($4, $5::uuid))
     order by f.decided_at desc, f.firing_id desc limit $6`,
    [org, automation, filter.outcome ?? null, filter.before?.at ?? null, filter.before?.id ?? null, filter.limit],
  )
  return rows
}

/** What came of a request that a program has made before. */
export async function selectFiringOf(tx: Transaction, org: string, requestKey: string): Promise<FiringRow | undefined> {
  const text = `select ${FIRING_COLUMNS} from app.firing where org_id = $1 and request_key = $2`
  return (await tx.client.query<FiringRow>(text, [org, requestKey])).rows[0]
}

export async function setRequestKey(tx: Transaction, org: string, firing: string, requestKey: string): Promise<void> {
  await tx.client.query('update app.firing set request_key = $3 where org_id = $1 and firing_id = $2', [org, firing, requestKey])
}
