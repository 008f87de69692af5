import { type AutomationDefinition, decodeId, type OutputOf, problem } from '@orrery/contract'
import { assignments, columns, empty, insertInto, onConstraint, orProblem, type Sql, sql, type Transaction } from '@orrery/kernel'
import type { AutomationRow } from './automation-row.ts'

const NAMES = [
  'org_id',
  'automation_id',
  'name',
  'title',
  'version',
  'definition',
  'status',
  'snoozed_until',
  'note',
  'failures',
  'created_at',
  'updated_at',
  'annotations',
]
const COLUMNS = columns(NAMES)
const LOCK = sql`for no key update`

/** By id or name. @throws automation.not_found */
export async function findAutomation(tx: Transaction, org: string, idOrName: string): Promise<AutomationRow> {
  return orNotFound(await selectAutomation(tx, org, idOrName), idOrName)
}

/** Until this transaction ends, no other one changes the automation or decides about its runs. @throws automation.not_found */
export async function lockAutomation(tx: Transaction, org: string, idOrName: string): Promise<AutomationRow> {
  return orNotFound(await selectOne(tx, org, byIdOrName(idOrName), LOCK), idOrName)
}

/** By id or name. */
export function selectAutomation(tx: Transaction, org: string, idOrName: string): Promise<AutomationRow | undefined> {
  return selectOne(tx, org, byIdOrName(idOrName), empty)
}

/** Null if no automation has this name. */
export async function lockAutomationNamed(tx: Transaction, org: string, name: string): Promise<AutomationRow | null> {
  return (await selectOne(tx, org, sql`name = ${name}`, LOCK)) ?? null
}

/** The automation that a trigger belongs to. */
export function lockAutomationOf(tx: Transaction, org: string, trigger: string): Promise<AutomationRow | undefined> {
  const id = sql`(select t.automation_id from app.trigger t where t.org_id = ${org} and t.trigger_id = ${trigger})`
  return selectOne(tx, org, sql`automation_id = ${id}`, LOCK)
}

function selectOne(tx: Transaction, org: string, which: Sql, lock: Sql): Promise<AutomationRow | undefined> {
  return tx.row<AutomationRow>(sql`select ${COLUMNS} from app.automation where org_id = ${org} and ${which} ${lock}`)
}

function byIdOrName(idOrName: string): Sql {
  const id = decodeId('aut', idOrName)
  return id === null ? sql`name = ${idOrName}` : sql`automation_id = ${id}`
}

const orNotFound = (row: AutomationRow | undefined, idOrName: string): AutomationRow =>
  orProblem(row, 'automation.not_found', `There is no automation ${idOrName}.`)

/** Locks a name that no row has yet: other transactions that lock it wait until this one ends. */
export async function lockName(tx: Transaction, org: string, name: string): Promise<void> {
  await tx.rows(sql`select pg_advisory_xact_lock(hashtextextended(${`automation ${org} ${name}`}, 0))`)
}

/** Locks in id order, so that two transactions that lock several automations cannot deadlock. */
export function lockAutomations(tx: Transaction, org: string, ids: readonly string[]): Promise<AutomationRow[]> {
  return tx.rows<AutomationRow>(
    sql`select ${COLUMNS} from app.automation where org_id = ${org} and automation_id = any (${ids}) order by automation_id ${LOCK}`,
  )
}

/** The oldest two with exactly this title. */
export function selectByTitle(tx: Transaction, org: string, title: string): Promise<AutomationRow[]> {
  return tx.rows<AutomationRow>(
    sql`select ${COLUMNS} from app.automation where org_id = ${org} and title = ${title} order by automation_id limit 2`,
  )
}

/** @throws automation.name_taken */
export async function insertAutomation(tx: Transaction, row: AutomationRow): Promise<void> {
  await orNameTaken(row.name, tx.write(insertInto('app.automation', toColumns(row))))
}

/** @throws automation.name_taken */
export async function changeAutomation(tx: Transaction, row: AutomationRow): Promise<void> {
  const { org_id, automation_id, created_at: _, ...changes } = toColumns(row)
  const change = sql`update app.automation set ${assignments(changes)} where org_id = ${org_id} and automation_id = ${automation_id}`
  await orNameTaken(row.name, tx.write(change))
}

const toColumns = (row: AutomationRow) => ({
  ...row,
  definition: JSON.stringify(row.definition),
  annotations: row.annotations === null ? null : JSON.stringify(row.annotations),
})

function orNameTaken(name: string, write: Promise<number>): Promise<number> {
  return onConstraint(write, {
    automation_name: () => problem('automation.name_taken', `There is an automation named ${name} already.`),
  })
}

export async function setFailures(tx: Transaction, org: string, automation: string, failures: number): Promise<void> {
  await tx.write(sql`update app.automation set failures = ${failures} where org_id = ${org} and automation_id = ${automation}`)
}

/** Ends the active ones among these automations whose triggers are all schedules without a further occurrence. */
export function endExhausted(
  tx: Transaction,
  org: string,
  ids: readonly string[],
  now: Date,
): Promise<Pick<AutomationRow, 'automation_id' | 'name' | 'version'>[]> {
  return tx.rows(
    sql`update app.automation a set status = 'ended', updated_at = ${now}
        where a.org_id = ${org} and a.automation_id = any (${ids}) and a.status = 'active' and not exists (
          select from app.trigger t where t.org_id = a.org_id and t.automation_id = a.automation_id
            and (t.type <> 'schedule' or t.wakes_at is not null or t.trouble is not null))
        returning automation_id, name, version`,
  )
}

export async function insertVersion(tx: Transaction, row: AutomationRow, actor: string): Promise<void> {
  const { org_id, automation_id, version, definition, updated_at } = toColumns(row)
  await tx.write(insertInto('app.automation_version', { org_id, automation_id, version, definition, at: updated_at, actor }))
}

export interface AutomationVersionRow {
  readonly version: number
  readonly definition: AutomationDefinition
  readonly at: Date
  readonly actor: string
}

/** Newest first. */
export function selectVersions(
  tx: Transaction,
  org: string,
  automation: string,
  before: number | null,
  limit: number,
): Promise<AutomationVersionRow[]> {
  return tx.rows<AutomationVersionRow>(
    sql`select version, definition, at, actor from app.automation_version
        where org_id = ${org} and automation_id = ${automation} ${before === null ? empty : sql`and version < ${before}`}
        order by version desc limit ${limit}`,
  )
}

export interface AutomationFilter {
  readonly status: OutputOf<'automations.list'>['items'][number]['status'] | undefined
  readonly text: string | undefined
  readonly now: Date
  /** Only ids below this one. */
  readonly before: string | null
  readonly limit: number
}

/** Newest first: ids sort by time. */
export function selectAutomations(
  tx: Transaction,
  org: string,
  { status, text, now, before, limit }: AutomationFilter,
): Promise<(AutomationRow & { readonly next_at: Date | null })[]> {
  const shown = sql`case when a.status = 'active' and a.snoozed_until > ${now} then 'snoozed' else a.status end`
  return tx.rows(
    sql`select ${columns(NAMES, 'a')}, t.next_at
        from app.automation a
        left join lateral (select min(wakes_at) next_at from app.trigger t
          where t.org_id = a.org_id and t.automation_id = a.automation_id and t.type = 'schedule' and t.trouble is null) t on true
        where a.org_id = ${org} ${before === null ? empty : sql`and a.automation_id < ${before}`}
          ${text === undefined ? empty : sql`and position(lower(${text}::text) in lower(a.name || ' ' || a.title)) > 0`}
          ${status === undefined ? empty : sql`and ${shown} = ${status}`}
        order by a.automation_id desc limit ${limit}`,
  )
}

export async function removeAutomation(tx: Transaction, org: string, automation: string): Promise<void> {
  await tx.write(sql`delete from app.automation where org_id = ${org} and automation_id = ${automation}`)
}
