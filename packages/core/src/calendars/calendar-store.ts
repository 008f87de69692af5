import type { AutomationDefinition, CalendarDefinition } from '@orrery/contract'
import { empty, insertInto, type Sql, sql, type Transaction } from '@orrery/kernel'
import type { CalendarRow } from './calendar-row.ts'

/** Calendars `c`, each with one version `v`. */
const selectIn = (version: Sql): Sql => sql`select c.name, v.version, v.definition, c.created_at, c.updated_at
    from app.calendar c join app.calendar_version v on v.org_id = c.org_id and v.name = c.name and v.version = ${version}`

const NEWEST = selectIn(sql`c.version`)

/**
 * Until the end of the transaction, no other transaction adds, changes or removes a calendar of the organization. `alone` is for a change
 * of a calendar, because cycles and missing names can only be found with all calendars together; `shared` is for storing the name of a
 * calendar.
 */
export async function lockCalendars(tx: Transaction, org: string, mode: 'alone' | 'shared'): Promise<void> {
  const take = mode === 'alone' ? sql`pg_advisory_xact_lock` : sql`pg_advisory_xact_lock_shared`
  await tx.rows(sql`select ${take}(hashtextextended(${`orrery calendars ${org}`}, 0))`)
}

/** Sorted by name. */
export function selectCalendars(tx: Transaction, org: string, after = '', limit: number | null = null): Promise<CalendarRow[]> {
  return tx.rows<CalendarRow>(sql`${NEWEST} where c.org_id = ${org} and c.name > ${after} order by c.name limit ${limit}`)
}

export function selectCalendarsNamed(tx: Transaction, org: string, names: readonly string[]): Promise<CalendarRow[]> {
  return tx.rows<CalendarRow>(sql`${NEWEST} where c.org_id = ${org} and c.name = any (${names})`)
}

/** @param version null: the newest */
export function selectCalendar(
  tx: Transaction,
  org: string,
  name: string,
  version: number | null = null,
): Promise<CalendarRow | undefined> {
  return tx.row<CalendarRow>(sql`${version === null ? NEWEST : selectIn(sql`${version}`)} where c.org_id = ${org} and c.name = ${name}`)
}

/** Automations whose definition has the name of a calendar anywhere in its text. The caller filters out false matches. */
export function selectAutomationsNaming(
  tx: Transaction,
  org: string,
  calendar: string,
): Promise<{ readonly name: string; readonly definition: AutomationDefinition }[]> {
  return tx.rows(
    sql`select name, definition from app.automation
        where org_id = ${org} and position(${JSON.stringify(calendar)} in definition::text) > 0 order by name`,
  )
}

export interface NewVersion {
  readonly name: string
  readonly version: number
  readonly definition: CalendarDefinition
  readonly at: Date
  readonly actor: string
}

export async function insertVersion(tx: Transaction, org: string, { name, version, definition, at, actor }: NewVersion): Promise<void> {
  await tx.write(
    sql`${insertInto('app.calendar', { org_id: org, name, version, created_at: at, updated_at: at })}
        on conflict (org_id, name) do update set version = excluded.version, updated_at = excluded.updated_at`,
  )
  const row = { org_id: org, name, version, definition: JSON.stringify(definition), at, actor }
  await tx.write(insertInto('app.calendar_version', row))
}

export interface CalendarVersionRow {
  readonly version: number
  readonly at: Date
  readonly actor: string
}

/** Newest first. */
export function selectVersions(
  tx: Transaction,
  org: string,
  name: string,
  before: number | null,
  limit: number,
): Promise<CalendarVersionRow[]> {
  return tx.rows<CalendarVersionRow>(
    sql`select version, at, actor from app.calendar_version
        where org_id = ${org} and name = ${name} ${before === null ? empty : sql`and version < ${before}`} order by version desc limit ${limit}`,
  )
}

export async function removeCalendar(tx: Transaction, org: string, name: string): Promise<void> {
  await tx.write(sql`delete from app.calendar where org_id = ${org} and name = ${name}`)
}
