import type { OrgId } from '@orrery/engine'
import { isTransient, type Kernel } from '@orrery/kernel'
import { settleRuns } from '../firing/settle-runs.ts'
import { type EndedRun, selectUnsettled } from '../firing-store.ts'
import { inScene } from '../scene.ts'

export const SWEEP_ROWS = 500

/** Settles runs that have ended although the event of their end was not handled. Returns how many. */
export async function sweepEnds(kernel: Kernel): Promise<number> {
  const rows = await selectUnsettled(kernel.database, SWEEP_ROWS)
  for (const [org, ended] of Map.groupBy(rows, (one) => one.org)) await settleApart(kernel, org, ended)
  return rows.length
}

/** Together; if that fails one by one, so that one which cannot be settled does not hold up the others. */
async function settleApart(kernel: Kernel, org: OrgId, ended: readonly EndedRun[]): Promise<void> {
  try {
    await inScene(kernel, org, (scene) => settleRuns(scene, ended))
  } catch (error) {
    if (isTransient(error)) throw error
    kernel.log.error({ error, org, runs: ended.map(({ run }) => run) }, 'The ends of runs could not be settled')
    if (ended.length > 1) for (const one of ended) await settleApart(kernel, org, [one])
  }
}
