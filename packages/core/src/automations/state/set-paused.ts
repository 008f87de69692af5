import { announceAutomation } from '../announce-automation.ts'
import type { AutomationRow } from '../automation-row.ts'
import { changeAutomation } from '../automation-store.ts'
import type { FiringScene } from '../scene.ts'
import { clearWakes } from '../trigger-store.ts'

/** The automation's row is locked. What is due from now on is passed over when it is resumed. */
export async function setPaused(scene: FiringScene, before: AutomationRow, note: string | null): Promise<AutomationRow> {
  const row: AutomationRow = { ...before, status: 'paused', note, updated_at: new Date(scene.nowMs) }
  await changeAutomation(scene.tx, row)
  await clearWakes(scene.tx, scene.org, row.automation_id)
  await announceAutomation(scene, 'automation.paused', row, note === null ? {} : { note })
  return row
}
