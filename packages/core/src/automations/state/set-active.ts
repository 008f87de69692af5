import type { AutomationRow, TriggerRow } from '../automation-row.ts'
import { changeAutomation } from '../automation-store.ts'
import { emitAutomationEvent } from '../emit-automation-event.ts'
import type { FiringContext } from '../firing-context.ts'
import { lockTriggers } from '../trigger-store.ts'
import { isEnded, notifySchedulers, planTriggers } from './plan-triggers.ts'

/** Ends a pause or a snooze, and resets the count of failures. The caller has locked the automation's row. */
export async function setActive(
  context: FiringContext,
  before: AutomationRow,
): Promise<{ readonly row: AutomationRow; readonly triggers: readonly TriggerRow[] }> {
  const { tx, org, nowMs } = context
  const now = new Date(nowMs)
  const isPaused = before.status === 'paused'
  const isSnoozed = before.snoozed_until !== null && before.snoozed_until.getTime() > nowMs
  // Resuming from a pause also clears a snooze, since the occurrences were skipped. A snooze ends now, and the occurrences it deferred are
  // due.
  const snoozed_until = isSnoozed && !isPaused ? now : null
  const active: AutomationRow = { ...before, status: 'active', snoozed_until, note: null, failures: 0, updated_at: now }
  const locked = await lockTriggers(tx, org, before.automation_id)
  const triggers = isPaused || isSnoozed ? await planTriggers(context, active, locked, { kind: 'resumed', before }) : locked
  const row: AutomationRow = isEnded(triggers) ? { ...active, status: 'ended' } : active
  await changeAutomation(tx, row)
  if (isPaused || isSnoozed) await emitAutomationEvent(context, 'automation.resumed', row)
  notifySchedulers(context, triggers)
  return { row, triggers }
}
