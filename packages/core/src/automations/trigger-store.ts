import { columns, empty, insertInto, prepared, type Sql, sql, type Transaction } from '@orrery/kernel'
import type { Condition, StoredCondition, StoredTrigger, TriggerRow } from './automation-row.ts'

const NAMES = [
  'org_id',
  'automation_id',
  'trigger_id',
  'key',
  'type',
  'given',
  'definition',
  'cursor_at',
  'skip_next',
  'remaining',
  'wakes_at',
  'trouble',
  'troubles',
]

/** Oldest first. */
export function selectTriggers(tx: Transaction, org: string, automation: string): Promise<TriggerRow[]> {
  return selectOf(tx, org, automation, empty)
}

/** The caller has locked the automation's row, so the order in which triggers are locked cannot deadlock. */
export function lockTriggers(tx: Transaction, org: string, automation: string): Promise<TriggerRow[]> {
  return selectOf(tx, org, automation, sql`for update`)
}

/** Sorted here: with `order by`, the database would scan all triggers of the organization in that order. */
async function selectOf(tx: Transaction, org: string, automation: string, lock: Sql): Promise<TriggerRow[]> {
  const rows = await tx.rows<TriggerRow>(
    sql`select ${columns(NAMES)} from app.trigger where org_id = ${org} and automation_id = ${automation} ${lock}`,
  )
  return rows.sort((a, b) => (a.trigger_id < b.trigger_id ? -1 : 1))
}

export async function selectAutomationOf(tx: Transaction, org: string, trigger: string): Promise<string | undefined> {
  const row = await tx.row<{ automation_id: string }>(
    sql`select automation_id from app.trigger where org_id = ${org} and trigger_id = ${trigger}`,
  )
  return row?.automation_id
}

/** The automation's row is locked by then. */
export function lockTrigger(tx: Transaction, org: string, trigger: string): Promise<Pick<TriggerRow, 'key' | 'skip_next'> | undefined> {
  return tx.row(sql`select key, skip_next from app.trigger where org_id = ${org} and trigger_id = ${trigger} for no key update`)
}

export async function decrementSkipNext(tx: Transaction, org: string, trigger: string): Promise<void> {
  await tx.write(sql`update app.trigger set skip_next = skip_next - 1 where org_id = ${org} and trigger_id = ${trigger}`)
}

/** Ids of the automations with one of these calendar names anywhere in the text of a schedule. The caller filters out false matches. */
export async function selectAutomationsUsing(tx: Transaction, org: string, names: readonly string[]): Promise<string[]> {
  const quoted = names.map((name) => JSON.stringify(name))
  const rows = await tx.rows<{ automation_id: string }>(
    sql`select distinct automation_id from app.trigger t where org_id = ${org} and type = 'schedule'
          and exists (select from unnest(${quoted}::text[]) name where position(name in t.definition::text) > 0)`,
  )
  return rows.map(({ automation_id }) => automation_id)
}

/** @param prefix of every topic that the trigger listens to; null: it listens to none */
export async function insertTrigger(tx: Transaction, row: TriggerRow, prefix: string | null): Promise<void> {
  await tx.write(
    insertInto('app.trigger', { ...row, given: JSON.stringify(row.given), definition: JSON.stringify(row.definition), prefix }),
  )
}

/** Replaces the definition and resets the state of a condition. The address and secret of a webhook stay. */
export async function redefineTrigger(tx: Transaction, row: TriggerRow, prefix: string | null): Promise<void> {
  await tx.write(
    sql`update app.trigger set given = ${JSON.stringify(row.given)}, definition = ${JSON.stringify(row.definition)}, prefix = ${prefix},
          condition = null
        where org_id = ${row.org_id} and trigger_id = ${row.trigger_id}`,
  )
}

/** Writes the state of schedules, and when triggers wake. */
export async function writeStates(tx: Transaction, org: string, rows: readonly TriggerRow[]): Promise<void> {
  if (rows.length === 0) return
  const ids = rows.map((row) => row.trigger_id)
  await tx.write(
    sql`update app.trigger t set cursor_at = u.cursor_at, skip_next = u.skip_next, remaining = u.remaining, wakes_at = u.wakes_at,
          trouble = u.trouble, troubles = u.troubles
        from unnest(
          ${ids}::uuid[],
          ${rows.map((row) => row.cursor_at)}::timestamptz[],
          ${rows.map((row) => row.skip_next)}::int[],
          ${rows.map((row) => row.remaining)}::int[],
          ${rows.map((row) => row.wakes_at)}::timestamptz[],
          ${rows.map((row) => row.trouble)}::text[],
          ${rows.map((row) => row.troubles)}::int[]
        ) u(trigger_id, cursor_at, skip_next, remaining, wakes_at, trouble, troubles)
        where t.org_id = ${org} and t.trigger_id = any (${ids}) and t.trigger_id = u.trigger_id`,
  )
}

/**
 * Writes only why triggers do not fire and when they are tried again. A trigger that another process has fired meanwhile is not changed.
 */
export async function writeTroubles(tx: Transaction, org: string, rows: readonly TriggerRow[]): Promise<void> {
  for (const { trigger_id, cursor_at, wakes_at, trouble, troubles } of rows) {
    await tx.write(
      sql`update app.trigger set wakes_at = ${wakes_at}, trouble = ${trouble}, troubles = ${troubles}
          where org_id = ${org} and trigger_id = ${trigger_id} and cursor_at is not distinct from ${cursor_at}`,
    )
  }
}

/** Sets the reason why a trigger does not fire; null clears it. Writes nothing if it is unchanged. */
export async function setTrouble(tx: Transaction, org: string, trigger: string, trouble: string | null): Promise<void> {
  const count = trouble === null ? sql`0` : sql`troubles + 1`
  await tx.write(
    sql`update app.trigger set trouble = ${trouble}, troubles = ${count}
        where org_id = ${org} and trigger_id = ${trigger} and trouble is distinct from ${trouble}`,
  )
}

/** For an automation that is paused: its triggers do not wake. */
export async function clearWakes(tx: Transaction, org: string, automation: string): Promise<void> {
  await tx.write(
    sql`update app.trigger set wakes_at = null where org_id = ${org} and automation_id = ${automation} and wakes_at is not null`,
  )
}

export async function removeTriggers(tx: Transaction, org: string, triggers: readonly string[]): Promise<void> {
  if (triggers.length === 0) return
  await tx.write(sql`delete from app.trigger where org_id = ${org} and trigger_id = any (${triggers})`)
}

/** Schedules of all organizations that wait for their next occurrence. The due clock reads this query. */
export const waitingSchedules: Sql = sql`select org_id, wakes_at as at from app.trigger where wakes_at is not null and type = 'schedule'`

/** Conditions of all organizations that wait for their next poll. The due clock reads this query. */
export const waitingConditions: Sql = sql`select org_id, wakes_at as at from app.trigger where wakes_at is not null and type = 'condition'`

/**
 * The schedules of an organization that are due, oldest first, locked together with their automations until the end of the transaction.
 * Rows locked by another process are skipped. `only`: only the trigger with this id.
 */
export function lockDueSchedules(
  tx: Transaction,
  org: string,
  { now, limit, only }: { readonly now: Date; readonly limit: number; readonly only: string | null },
): Promise<TriggerRow[]> {
  const statement = sql`select ${columns(NAMES, 't')}
      from app.trigger t join app.automation a on a.org_id = t.org_id and a.automation_id = t.automation_id
      where t.org_id = ${org} and t.type = 'schedule' and t.wakes_at <= ${now} ${only === null ? empty : sql`and t.trigger_id = ${only}`}
      order by t.wakes_at limit ${limit}
      for no key update of a, t skip locked`
  return tx.rows<TriggerRow>(prepared(only === null ? 'schedules_due' : 'schedule_due', statement))
}

export interface DueCondition {
  readonly triggerId: string
  readonly automationId: string
  readonly definition: Condition
  readonly wakes_at: Date
  readonly isTroubled: boolean
  readonly isActive: boolean
  readonly snoozed_until: Date | null
  readonly scopes: readonly string[]
  readonly timezone: string
}

/** Conditions of an organization whose tools are due to be polled, oldest first, locked. Rows locked by another process are skipped. */
export function lockDueConditions(tx: Transaction, org: string, now: Date, limit: number): Promise<DueCondition[]> {
  return tx.rows<DueCondition>(
    sql`select t.trigger_id as "triggerId", t.automation_id as "automationId", t.definition, t.wakes_at, t.trouble is not null as "isTroubled",
          a.status = 'active' as "isActive", a.snoozed_until,
          coalesce(a.definition->'scopes', '[]') as scopes, coalesce(a.definition->>'timezone', 'UTC') as timezone
        from app.trigger t join app.automation a on a.org_id = t.org_id and a.automation_id = t.automation_id
        where t.org_id = ${org} and t.type = 'condition' and t.wakes_at <= ${now}
        order by t.wakes_at limit ${limit} for update of t skip locked`,
  )
}

export async function setNextPolls(
  tx: Transaction,
  org: string,
  turns: readonly { readonly triggerId: string; readonly next: Date | null }[],
): Promise<void> {
  await tx.write(
    sql`update app.trigger t set wakes_at = u.next
        from unnest(${turns.map(({ triggerId }) => triggerId)}::uuid[], ${turns.map(({ next }) => next)}::timestamptz[]) u(trigger_id, next)
        where t.org_id = ${org} and t.trigger_id = u.trigger_id`,
  )
}

/** The automation's row is locked by then. */
export function lockCondition(
  tx: Transaction,
  org: string,
  trigger: string,
): Promise<{ readonly condition: StoredCondition | null; readonly definition: StoredTrigger } | undefined> {
  return tx.row(sql`select condition, definition from app.trigger where org_id = ${org} and trigger_id = ${trigger} for no key update`)
}

export async function writeCondition(tx: Transaction, org: string, trigger: string, condition: StoredCondition): Promise<void> {
  await tx.write(sql`update app.trigger set condition = ${JSON.stringify(condition)} where org_id = ${org} and trigger_id = ${trigger}`)
}

export interface ListeningTrigger {
  readonly triggerId: string
  readonly definition: Extract<StoredTrigger, { readonly type: 'event' | 'condition' }>
  /** The automation's time zone, an IANA name. */
  readonly timezone: string
  readonly condition: StoredCondition | null
  /** The trigger has a recorded reason why it does not fire. */
  readonly isTroubled: boolean
}

/** Triggers of active automations whose pattern has one of these prefixes, in id order. An index on the prefix finds them. */
export function selectListening(tx: Transaction, org: string, prefixes: readonly string[]): Promise<ListeningTrigger[]> {
  const statement = sql`select t.trigger_id as "triggerId", t.definition, coalesce(a.definition->>'timezone', 'UTC') as timezone, t.condition,
        t.trouble is not null as "isTroubled"
      from app.trigger t join app.automation a on a.org_id = t.org_id and a.automation_id = t.automation_id
      where t.org_id = ${org} and t.prefix is not null and t.prefix = any (${prefixes}) and t.type in ('event', 'condition')
        and a.status = 'active'
      order by t.trigger_id`
  return tx.rows<ListeningTrigger>(prepared('trigger_listeners', statement))
}

/**
 * Which events automations consume, as a condition for an event consumer: ends of runs that automations started, and events whose topic may
 * match a trigger. For an organization without triggers, this costs one index lookup.
 * @param ends types of the events that report the end of a run
 */
export const concernsAutomations = (
  ends: readonly string[],
): Sql => sql`case when exists (select from app.trigger t where t.org_id = e.org_id and t.prefix is not null)
      then exists (select from app.trigger t where t.org_id = e.org_id and t.prefix is not null and t.prefix = any (app.topic_prefixes(e.type))) end
    or case when e.subject ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and e.type = any (${ends})
      then exists (select from app.firing f where f.org_id = e.org_id and f.run_id = e.subject::uuid and f.going) end`

/** Which events may change the times of schedules: updates of calendars, in organizations that have schedules. */
export const concernsSchedules: Sql = sql`e.type = 'calendar.updated' and exists (select from app.trigger t where t.org_id = e.org_id and t.type = 'schedule')`
