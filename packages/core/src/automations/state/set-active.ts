import type { AutomationRow, TriggerRow } from '../automation-row.ts'
import { changeAutomation } from '../automation-store.ts'
import { emitAutomationEvent } from '../emit-automation-event.ts'
import type { FiringContext } from '../firing-context.ts'
import { lockTriggers } from '../trigger-store.ts'
import { isEnded, notifySchedulers, planTriggers } from './plan-triggers.ts'

/** Ends a pause or a snooze, and forgets failures. The automation's row is locked. */
export async function setActive(
  context: FiringContext,
  before: AutomationRow,
): Promise<{ readonly row: AutomationRow; readonly triggers: readonly TriggerRow[] }> {
  const { tx, org, nowMs } = context
  const now = new Date(nowMs)
  const isPaused = before.status === 'paused'
  const isSnoozed = before.snoozed_until !== null && before.snoozed_until.getTime() > nowMs
  // After a pause there is no snooze: what fell into it is gone. A snooze ends now, and what it held back is due.
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
