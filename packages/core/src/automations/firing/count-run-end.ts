import { encodeId } from '@orrery/contract'
import { recordSystemChange } from '@orrery/kernel'
import { lockAutomations, setFailures } from '../automation-store.ts'
import type { FiringContext } from '../firing-context.ts'
import { countFailure, type RunEnd } from '../planning/count-failure.ts'
import { setPaused } from '../state/set-paused.ts'

/** Counts the end of a run, or a start that failed. Too many failures in a row pause the automation. The caller has locked its row. */
export async function countRunEnd(context: FiringContext, automationId: string, end: RunEnd): Promise<void> {
  const [row] = await lockAutomations(context.tx, context.org, [automationId])
  if (row === undefined) return
  const { consecutiveFailures, isPausing } = countFailure(row.failures, end, row.definition.pauseAfterFailures ?? null)
  if (consecutiveFailures !== row.failures) {
    await setFailures(context.tx, context.org, automationId, consecutiveFailures)
  }
  if (!isPausing || row.status === 'paused') return
  const note = `${consecutiveFailures} ${consecutiveFailures === 1 ? 'run has' : 'runs in a row have'} failed.`
  await setPaused(context, { ...row, failures: consecutiveFailures }, note)
  await recordSystemChange(context.tx, {
    org: context.org,
    atMs: context.nowMs,
    actor: 'automations',
    action: 'automation.paused',
    subject: encodeId('aut', automationId),
    detail: { note },
  })
}
