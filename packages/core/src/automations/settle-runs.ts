import type { RunId } from '@orrery/engine'
import { lockAutomations } from './automation-store.ts'
import { countRunEnd } from './firing/count-run-end.ts'
import { decideFirings } from './firing/decide-firings.ts'
import type { FiringScene } from './firing/firing-scene.ts'
import type { RunEnd } from './planning/count-failure.ts'

export interface EndedRun {
  readonly run: RunId
  readonly status: RunEnd
}

/**
 * Runs of the organization have ended: those that automations have started are not going any more, failures in a row are counted, and
 * starts that waited for their end are decided. It counts once for each run, however often it is said.
 */
export async function settleRuns(scene: FiringScene, ended: readonly EndedRun[]): Promise<void> {
  const { tx, org } = scene
  const runs = ended.map(({ run }) => run)
  const found = await tx.client.query<{ automation_id: string }>(
    'select distinct automation_id from app.firing where org_id = $1 and run_id = any ($2) and going',
    [org, runs],
  )
  if (found.rows.length === 0) return
  // The automation first, as whoever decides about it does.
  const automations = await lockAutomations(tx, org, found.rows.map((row) => row.automation_id).sort())
  const settled = await tx.client.query<{ automation_id: string; run_id: string }>(
    'update app.firing set going = false where org_id = $1 and run_id = any ($2) and going returning automation_id, run_id',
    [org, runs],
  )
  const automationOf = new Map(settled.rows.map((row) => [row.run_id, row.automation_id]))
  const clean = new Set(automations.filter(({ failures }) => failures === 0).map((row) => row.automation_id))
  for (const { run, status } of ended) {
    const automation = automationOf.get(run)
    // The usual case: one that has not failed has not failed again.
    if (automation === undefined || (status === 'succeeded' && clean.has(automation))) continue
    clean.delete(automation)
    await countRunEnd(scene, automation, status)
  }
  // As they are now: the count may have paused one.
  const counted = await lockAutomations(
    tx,
    org,
    automations.map((row) => row.automation_id),
  )
  await decideFirings(
    scene,
    counted.map((automation) => ({ automation, fresh: [], skips: [] })),
  )
}
