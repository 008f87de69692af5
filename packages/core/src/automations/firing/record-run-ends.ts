import { lockAutomations } from '../automation-store.ts'
import type { FiringContext } from '../firing-context.ts'
import { type EndedRun, markFiringsEnded, selectAutomationsOfRuns } from '../firing-store.ts'
import { countRunEnd } from './count-run-end.ts'
import { decideFirings } from './decide-firings.ts'

/**
 * Runs of the organization have ended: those that automations have started are not going any more, failures in a row are counted, and
 * starts that waited for their end are decided. It counts once for each run, however often it is said.
 */
export async function recordRunEnds(context: FiringContext, ended: readonly EndedRun[]): Promise<void> {
  const { tx, org } = context
  const runs = ended.map(({ run }) => run)
  const ids = await selectAutomationsOfRuns(tx, org, runs)
  if (ids.length === 0) return
  // The automation first, as all code does that decides about it.
  const automations = await lockAutomations(tx, org, ids)
  const automationOf = await markFiringsEnded(tx, org, runs)
  const clean = new Set(automations.filter(({ failures }) => failures === 0).map((row) => row.automation_id))
  for (const { run, status } of ended) {
    const automation = automationOf.get(run)
    // The usual case: one that has not failed has not failed again.
    if (automation === undefined || (status === 'succeeded' && clean.has(automation))) continue
    clean.delete(automation)
    await countRunEnd(context, automation, status)
  }
  // As they are now: the count may have paused one.
  const counted = await lockAutomations(
    tx,
    org,
    automations.map((row) => row.automation_id),
  )
  await decideFirings(
    context,
    counted.map((automation) => ({ automation, fresh: [], skips: [] })),
  )
}
