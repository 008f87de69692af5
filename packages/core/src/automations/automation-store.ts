import { type AutomationDefinition, decodeId, type OutputOf, problem } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
import { orProblem } from '../public-ids.ts'
import type { AutomationRow } from './automation-row.ts'

const COLUMNS = `org_id, automation_id, name, title, version, definition, status, snoozed_until, note, failures, created_at, updated_at, ordinaut`

type Lock = '' | 'for no key update'

/** By id or name. @throws automation.not_found */
export function findAutomation(tx: Transaction, org: string, idOrName: string): Promise<AutomationRow> {
  return find(tx, org, idOrName, '')
}

/** Nobody else changes it, or decides about its runs, before the end of the transaction. @throws automation.not_found */
export function lockAutomation(tx: Transaction, org: string, idOrName: string): Promise<AutomationRow> {
  return find(tx, org, idOrName, 'for no key update')
}

/** By id or name. */
export function findNamed(tx: Transaction, org: string, idOrName: string, lock: Lock = ''): Promise<AutomationRow | undefined> {
  const id = decodeId('aut', idOrName)
  return selectOne(tx, org, id === null ? 'name' : 'automation_id', id ?? idOrName, lock)
}

async function find(tx: Transaction, org: string, idOrName: string, lock: Lock): Promise<AutomationRow> {
  const row = await findNamed(tx, org, idOrName, lock)
  return orProblem(row, 'automation.not_found', `There is no automation ${idOrName}.`)
}

/** Null if there is none of this name. */
export async function lockAutomationNamed(tx: Transaction, org: string, name: string): Promise<AutomationRow | null> {
  return (await selectOne(tx, org, 'name', name, 'for no key update')) ?? null
}

/** A name that nobody has yet: whoever else locks it waits for the end of the transaction. */
export async function lockName(tx: Transaction, org: string, name: string): Promise<void> {
  await tx.client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`automation ${org} ${name}`])
}

/** In the order of their ids, so that whoever locks several waits for nobody who waits for him. */
export async function lockAutomations(tx: Transaction, org: string, ids: readonly string[]): Promise<AutomationRow[]> {
  const { rows } = await tx.client.query<AutomationRow>(
    `select ${COLUMNS} from app.automation where org_id = $1 and automation_id = any ($2) order by automation_id for no key update`,
    [org, ids],
  )
  return rows
}

async function selectOne(tx: Transaction, org: string, column: 'name' | 'automation_id', value: string, lock: Lock) {
  const text = `select ${COLUMNS} from app.automation where org_id = $1 and ${column} = $2 ${lock}`
  const { rows } = await tx.client.query<AutomationRow>(text, [org, value])
  return rows[0]
}

/** Those with exactly this title, oldest first. */
export async function selectByTitle(tx: Transaction, org: string, title: string): Promise<AutomationRow[]> {
  const text = `select ${COLUMNS} from app.automation where org_id = $1 and title = $2 order by automation_id limit 2`
  return (await tx.client.query<AutomationRow>(text, [org, title])).rows
}

/** @throws automation.name_taken */
export async function insertAutomation(tx: Transaction, row: AutomationRow): Promise<void> {
  await orNameTaken(
    row.name,
    tx.client.query(`insert into app.automation (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, [
      row.org_id,
      row.automation_id,
      row.name,
      row.title,
      row.version,
      JSON.stringify(row.definition),
      row.status,
      row.snoozed_until,
      row.note,
      row.failures,
      row.created_at,
      row.updated_at,
      row.ordinaut === null ? null : JSON.stringify(row.ordinaut),
    ]),
  )
}

/** @throws automation.name_taken */
export async function changeAutomation(tx: Transaction, row: AutomationRow): Promise<void> {
  await orNameTaken(
    row.name,
    tx.client.query(
      `update app.automation set name = $3, title = $4, version = $5, definition = $6, status = $7, snoozed_until = $8, note = $9,
         failures = $10, updated_at = $11, ordinaut = $12
       where org_id = $1 and automation_id = $2`,
      [
        row.org_id,
        row.automation_id,
        row.name,
        row.title,
        row.version,
        JSON.stringify(row.definition),
        row.status,
        row.snoozed_until,
        row.note,
        row.failures,
        row.updated_at,
        row.ordinaut === null ? null : JSON.stringify(row.ordinaut),
      ],
    ),
  )
}

export async function insertVersion(tx: Transaction, row: AutomationRow, actor: string): Promise<void> {
  await tx.client.query(
    'insert into app.automation_version (org_id, automation_id, version, definition, at, actor) values ($1, $2, $3, $4, $5, $6)',
    [row.org_id, row.automation_id, row.version, JSON.stringify(row.definition), row.updated_at, actor],
  )
}

export interface VersionRow {
  readonly version: number
  readonly definition: AutomationDefinition
  readonly at: Date
  readonly actor: string
}

/** Newest first. */
export async function selectVersions(tx: Transaction, org: string, automation: string, before: number | null, limit: number) {
  const { rows } = await tx.client.query<VersionRow>(
    `select version, definition, at, actor from app.automation_version
     where org_id = $1 and automation_id = $2 and version < coalesce($3, 2147483647) order by version desc limit $4`,
    [org, automation, before, limit],
  )
  return rows
}

export interface AutomationFilter {
  readonly status: OutputOf<'automations.list'>['items'][number]['status'] | undefined
  readonly text: string | undefined
  readonly now: Date
  /** Ids below it only. */
  readonly before: string | null
  readonly limit: number
}

/** Newest first: ids sort by time. */
export async function selectAutomations(tx: Transaction, org: string, filter: AutomationFilter) {
  const { rows } = await tx.client.query<AutomationRow & { readonly next_at: Date | null }>(
    `select ${COLUMNS.replaceAll(/(\w+)/g, 'a.$1')}, t.next_at
     from app.automation a
     left join lateral (select min(wakes_at) next_at from app.trigger t
       where t.org_id = a.org_id and t.automation_id = a.automation_id and t.type = 'schedule' and t.trouble is null) t on true
     where a.org_id = $1 and a.automation_id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
       and ($3::text is null or position(lower($3) in lower(a.name || ' ' || a.title)) > 0)
       and ($4::text is null or $4 = case when a.status = 'active' and a.snoozed_until > $5 then 'snoozed' else a.status end)
     order by a.automation_id desc limit $6`,
    [org, filter.before, filter.text ?? null, filter.status ?? null, filter.now, filter.limit],
  )
  return rows
}

export async function removeAutomation(tx: Transaction, org: string, automation: string): Promise<void> {
  await tx.client.query('delete from app.automation where org_id = $1 and automation_id = $2', [org, automation])
}

async function orNameTaken(name: string, written: Promise<unknown>): Promise<void> {
  try {
    await written
  } catch (error) {
    // The index decides: two requests may look at the same moment. The transaction is over, and nothing of it stays.
    if (error instanceof Error && 'constraint' in error && error.constraint === 'automation_name')
      throw problem('automation.name_taken', `There is an automation named ${name} already.`)
    throw error
  }
}
