import { lockAutomations, setFailures } from '../automation-store.ts'
import { noteBySystem } from '../note-by-system.ts'
import { countFailure, type RunEnd } from '../planning/count-failure.ts'
import { putPaused } from '../standing/put-paused.ts'
import type { FiringScene } from './firing-scene.ts'

/** A run of the automation has ended, or could not begin: failures in a row are counted, and pause it when there are too many. */
export async function countRunEnd(scene: FiringScene, automationId: string, end: RunEnd): Promise<void> {
  const [row] = await lockAutomations(scene.tx, scene.org, [automationId])
  if (row === undefined) return
  const { consecutiveFailures, isPausing } = countFailure(row.failures, end, row.definition.pauseAfterFailures ?? null)
  if (consecutiveFailures !== row.failures) {
    await setFailures(scene.tx, scene.org, automationId, consecutiveFailures)
  }
  if (!isPausing || row.status === 'paused') return
  const note = `${consecutiveFailures} ${consecutiveFailures === 1 ? 'run has' : 'runs in a row have'} failed.`
  await putPaused(scene, { ...row, failures: consecutiveFailures }, note)
  await noteBySystem(scene, 'automation.paused', automationId, { note })
}
