import type { OrgId } from '@orrery/engine'
import { canonicalJson, comparePositions, parsePosition, type Transaction } from '@orrery/kernel'
import { parseDurationMs } from '@orrery/recurrence'
import type { Condition, StoredCondition } from '../automation-row.ts'
import { lockAutomationOf } from '../automation-store.ts'
import { type ConditionMode, initialCondition } from '../planning/decide-condition.ts'
import { lockCondition } from '../trigger-store.ts'

/** The mode of a condition. The default is `rising`. A level without `every` fires at each evaluation that is true. */
export function modeOf({ mode = 'rising', every }: Pick<Condition, 'mode' | 'every'>): ConditionMode {
  return mode === 'level' ? { kind: 'level', everyMs: every === undefined ? 0 : parseDurationMs(every) } : { kind: mode }
}

export const stateOf = (stored: StoredCondition | null): StoredCondition => stored ?? initialCondition

export function isHandled(stored: StoredCondition | null, eventId: string): boolean {
  const last = stored?.eventId
  return last !== undefined && comparePositions(parsePosition(eventId), parsePosition(last)) <= 0
}

/**
 * Locks a condition and its automation, in the order in which firing locks them. Null: the trigger does not exist any more, or its
 * definition is not the one that was evaluated, so that the value does not apply.
 */
export async function lockConditionIfUnchanged(
  tx: Transaction,
  org: OrgId,
  triggerId: string,
  evaluated: Condition,
): Promise<{ readonly condition: StoredCondition | null } | null> {
  await lockAutomationOf(tx, org, triggerId)
  const row = await lockCondition(tx, org, triggerId)
  return row !== undefined && canonicalJson(row.definition) === canonicalJson(evaluated) ? row : null
}
