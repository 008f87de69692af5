import type { CalendarDefinition } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
import type { CalendarRow } from './calendar-row.ts'

const SELECT = `select c.name, v.version, v.definition, c.created_at, c.updated_at
  from app.calendar c join app.calendar_version v on v.org_id = c.org_id and v.name = c.name`

/** In the order of their names. */
export async function selectCalendars(tx: Transaction, org: string, after = '', limit: number | null = null): Promise<CalendarRow[]> {
  const { rows } = await tx.client.query<CalendarRow>(
    `${SELECT} and v.version = c.version where c.org_id = $1 and c.name > $2 order by c.name limit $3`,
    [org, after, limit],
  )
  return rows
}

export async function selectCalendarsNamed(tx: Transaction, org: string, names: readonly string[]): Promise<CalendarRow[]> {
  const { rows } = await tx.client.query<CalendarRow>(`${SELECT} and v.version = c.version where c.org_id = $1 and c.name = any ($2)`, [
    org,
    names,
  ])
  return rows
}

/** @param version null: the newest. */
export async function selectCalendar(
  tx: Transaction,
  org: string,
  name: string,
  version: number | null = null,
): Promise<CalendarRow | undefined> {
  const { rows } = await tx.client.query<CalendarRow>(
    `${SELECT} and v.version = coalesce($3, c.version) where c.org_id = $1 and c.name = $2`,
    [org, name, version],
  )
  return rows[0]
}

export interface NewVersion {
  readonly name: string
  readonly version: number
  readonly definition: CalendarDefinition
  readonly at: Date
  readonly actor: string
}

export async function insertVersion(tx: Transaction, org: string, row: NewVersion): Promise<void> {
  await tx.client.query(
    `insert into app.calendar (org_id, name, version, created_at, updated_at) values ($1, $2, $3, $4, $4)
     on conflict (org_id, name) do update set version = excluded.version, updated_at = excluded.updated_at`,
    [org, row.name, row.version, row.at],
  )
  await tx.client.query('insert into app.calendar_version (org_id, name, version, definition, at, actor) values ($1, $2, $3, $4, $5, $6)', [
    org,
    row.name,
    row.version,
    JSON.stringify(row.definition),
    row.at,
    row.actor,
  ])
}

export interface VersionRow {
  readonly version: number
  readonly at: Date
  readonly actor: string
}

/** Newest first. */
export async function selectVersions(
  tx: Transaction,
  org: string,
  name: string,
  before: number | null,
  limit: number,
): Promise<VersionRow[]> {
  const { rows } = await tx.client.query<VersionRow>(
    `select version, at, actor from app.calendar_version
     where org_id = $1 and name = $2 and ($3::integer is null or version < $3) order by version desc limit $4`,
    [org, name, before, limit],
  )
  return rows
}

export async function removeCalendar(tx: Transaction, org: string, name: string): Promise<void> {
  await tx.client.query('delete from app.calendar where org_id = $1 and name = $2', [org, name])
}
