import type { OrgId } from '@orrery/engine'
import { parseDurationMs } from '@orrery/recurrence'
import { canonicalJson } from '../../canonical-json.ts'
import type { Transaction } from '../../database/database.ts'
import { comparePositions, parsePosition } from '../../events/event-position.ts'
import type { StoredTrigger } from '../definition/read-definition.ts'
import { type ConditionMode, type ConditionState, initialCondition } from '../planning/judge-condition.ts'

/** What the row of a condition keeps. */
export interface StoredCondition extends ConditionState {
  /** The last event that changed it: events come at least once, and this one and those before it are done. */
  readonly eventId?: string
}

export type Condition = Extract<StoredTrigger, { readonly type: 'condition' }>

/** Absent: it fires as it becomes true. A level without `every` fires for each evaluation. */
export function modeOf({ mode = 'rising', every }: Pick<Condition, 'mode' | 'every'>): ConditionMode {
  return mode === 'level' ? { kind: 'level', everyMs: every === undefined ? 0 : parseDurationMs(every) } : { kind: mode }
}

export const stateOf = (stored: StoredCondition | null): StoredCondition => stored ?? initialCondition

export function isDone(stored: StoredCondition | null, eventId: string): boolean {
  const last = stored?.eventId
  return last !== undefined && comparePositions(parsePosition(eventId), parsePosition(last)) <= 0
}

/**
 * Locked, and its automation with it, in the order in which firing locks them. Null: the trigger is gone, or has another definition than the one
 * that was evaluated; what the old one said is no value of the new one.
 */
export async function lockCondition(
  tx: Transaction,
  org: OrgId,
  triggerId: string,
  evaluated: Condition,
): Promise<{ readonly condition: StoredCondition | null } | null> {
  await tx.client.query(
    `select from app.automation a where a.org_id = $1
       and a.automation_id = (select t.automation_id from app.trigger t where t.org_id = $1 and t.trigger_id = $2) for no key update`,
    [org, triggerId],
  )
  const { rows } = await tx.client.query<{ condition: StoredCondition | null; definition: StoredTrigger }>(
    'select condition, definition from app.trigger where org_id = $1 and trigger_id = $2 for no key update',
    [org, triggerId],
  )
  const [row] = rows
  return row !== undefined && canonicalJson(row.definition) === canonicalJson(evaluated) ? row : null
}

export async function writeCondition(tx: Transaction, org: OrgId, triggerId: string, state: StoredCondition): Promise<void> {
  await tx.client.query('update app.trigger set condition = $3 where org_id = $1 and trigger_id = $2', [
    org,
    triggerId,
    JSON.stringify(state),
  ])
}
