import type { Transaction } from '../database/database.ts'
import type { TriggerRow } from './automation-row.ts'

const COLUMNS = `org_id, automation_id, trigger_id, key, type, given, definition, cursor_at, skip_next, remaining, wakes_at, trouble, troubles`

/** In the order in which they were made. */
export async function selectTriggers(tx: Transaction, org: string, automation: string): Promise<TriggerRow[]> {
  return selectThose(tx, org, automation, '')
}

/** The automation's row is locked by then, so that triggers need no order of their own. */
export async function lockTriggers(tx: Transaction, org: string, automation: string): Promise<TriggerRow[]> {
  return selectThose(tx, org, automation, 'for update')
}

/** Sorted here: with `order by` the database would walk through all triggers of the organization in that order. */
async function selectThose(tx: Transaction, org: string, automation: string, lock: '' | 'for update'): Promise<TriggerRow[]> {
  const text = `select ${COLUMNS} from app.trigger where org_id = $1 and automation_id = $2 ${lock}`
  const { rows } = await tx.client.query<TriggerRow>(text, [org, automation])
  return rows.sort((a, b) => (a.trigger_id < b.trigger_id ? -1 : 1))
}

/** Ids of the automations in whose schedules one of these names stands somewhere: few, and to be looked at closely. */
export async function selectUsers(tx: Transaction, org: string, names: readonly string[]): Promise<string[]> {
  const { rows } = await tx.client.query<{ automation_id: string }>(
    `select distinct automation_id from app.trigger t where org_id = $1 and type = 'schedule'
       and exists (select from unnest($2::text[]) name where position(name in t.definition::text) > 0)`,
    [org, names.map((name) => JSON.stringify(name))],
  )
  return rows.map(({ automation_id }) => automation_id)
}

export async function insertTrigger(tx: Transaction, row: TriggerRow, prefix: string | null): Promise<void> {
  await tx.client.query(
    `insert into app.trigger (${COLUMNS}, prefix) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      row.org_id,
      row.automation_id,
      row.trigger_id,
      row.key,
      row.type,
      JSON.stringify(row.given),
      JSON.stringify(row.definition),
      row.cursor_at,
      row.skip_next,
      row.remaining,
      row.wakes_at,
      row.trouble,
      row.troubles,
      prefix,
    ],
  )
}

/** What it is. Its state as a condition or a webhook, of which only its kind knows, stays. */
export async function redefineTrigger(tx: Transaction, row: TriggerRow, prefix: string | null): Promise<void> {
  await tx.client.query(
    'update app.trigger set given = $3, definition = $4, prefix = $5, condition = null where org_id = $1 and trigger_id = $2',
    [row.org_id, row.trigger_id, JSON.stringify(row.given), JSON.stringify(row.definition), prefix],
  )
}

/** Where they stand. */
export async function writeStates(tx: Transaction, org: string, rows: readonly TriggerRow[]): Promise<void> {
  if (rows.length === 0) return
  await tx.client.query(
    `update app.trigger t set cursor_at = u.cursor_at, skip_next = u.skip_next, remaining = u.remaining, wakes_at = u.wakes_at,
       trouble = u.trouble, troubles = u.troubles
     from unnest($2::uuid[], $3::timestamptz[], $4::int[], $5::int[], $6::timestamptz[], $7::text[], $8::int[])
       u(trigger_id, cursor_at, skip_next, remaining, wakes_at, trouble, troubles)
     where t.org_id = $1 and t.trigger_id = any ($2) and t.trigger_id = u.trigger_id`,
    [
      org,
      rows.map((row) => row.trigger_id),
      rows.map((row) => row.cursor_at),
      rows.map((row) => row.skip_next),
      rows.map((row) => row.remaining),
      rows.map((row) => row.wakes_at),
      rows.map((row) => row.trouble),
      rows.map((row) => row.troubles),
    ],
  )
}

/** Only why they do not fire, and when they are tried again: whoever has fired them meanwhile has moved them on. */
export async function writeTroubles(tx: Transaction, org: string, rows: readonly TriggerRow[]): Promise<void> {
  for (const { trigger_id, cursor_at, wakes_at, trouble, troubles } of rows) {
    await tx.client.query(
      `update app.trigger set wakes_at = $3, trouble = $4, troubles = $5
       where org_id = $1 and trigger_id = $2 and cursor_at is not distinct from $6`,
      [org, trigger_id, wakes_at, trouble, troubles, cursor_at],
    )
  }
}

export async function removeTriggers(tx: Transaction, org: string, triggers: readonly string[]): Promise<void> {
  if (triggers.length === 0) return
  await tx.client.query('delete from app.trigger where org_id = $1 and trigger_id = any ($2)', [org, triggers])
}

/**
 * The schedules of an organization that are due, oldest first, locked together with their automations until the end of the transaction. What
 * somebody else has locked is left to him, or to the next look.
 */
export async function lockDue(
  tx: Transaction,
  org: string,
  due: { readonly now: Date; readonly limit: number; readonly only: string | null },
) {
  const { rows } = await tx.client.query<TriggerRow>({
    name: 'schedules_due',
    text: `select ${COLUMNS.replaceAll(/(\w+)/g, 't.$1')}
     from app.trigger t join app.automation a on a.org_id = t.org_id and a.automation_id = t.automation_id
     where t.org_id = $1 and t.type = 'schedule' and t.wakes_at <= $2 and ($4::uuid is null or t.trigger_id = $4)
     order by t.wakes_at limit $3
     for no key update of a, t skip locked`,
    values: [org, due.now, due.limit, due.only],
  })
  return rows
}
