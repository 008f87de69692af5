import { lockAutomations } from '../automation-store.ts'
import type { FiringContext } from '../firing-context.ts'
import { type EndedRun, markFiringsEnded, selectAutomationsOfRuns } from '../firing-store.ts'
import { countRunEnd } from './count-run-end.ts'
import { decideFirings } from './decide-firings.ts'

/**
 * Records that runs of the organization have ended. For runs that automations started, this counts failures in a row and decides about the
 * starts that waited for the end. Each end counts once, even if it is reported several times.
 */
export async function recordRunEnds(context: FiringContext, ended: readonly EndedRun[]): Promise<void> {
  const { tx, org } = context
  const runs = ended.map(({ run }) => run)
  const ids = await selectAutomationsOfRuns(tx, org, runs)
  if (ids.length === 0) return
  // Locks the automations before the firings, as all code that decides about starts does.
  const automations = await lockAutomations(tx, org, ids)
  const automationOf = await markFiringsEnded(tx, org, runs)
  const withoutFailures = new Set(automations.filter(({ failures }) => failures === 0).map((row) => row.automation_id))
  for (const { run, status } of ended) {
    const automation = automationOf.get(run)
    // The usual case: a success after a success leaves the count at 0.
    if (automation === undefined || (status === 'succeeded' && withoutFailures.has(automation))) continue
    withoutFailures.delete(automation)
    await countRunEnd(context, automation, status)
  }
  // Read again: counting a failure may have paused an automation.
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
