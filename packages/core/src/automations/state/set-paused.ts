import type { AutomationRow } from '../automation-row.ts'
import { changeAutomation } from '../automation-store.ts'
import { emitAutomationEvent } from '../emit-automation-event.ts'
import type { FiringContext } from '../firing-context.ts'
import { clearWakes } from '../trigger-store.ts'

/** Pauses an automation, whose row the caller has locked. Occurrences from now on are skipped when it is resumed. */
export async function setPaused(context: FiringContext, before: AutomationRow, note: string | null): Promise<AutomationRow> {
  const row: AutomationRow = { ...before, status: 'paused', note, updated_at: new Date(context.nowMs) }
  await changeAutomation(context.tx, row)
  await clearWakes(context.tx, context.org, row.automation_id)
  await emitAutomationEvent(context, 'automation.paused', row, note === null ? {} : { note })
  return row
}
