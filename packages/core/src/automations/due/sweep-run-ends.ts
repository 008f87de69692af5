import type { OrgId } from '@orrery/engine'
import { isPassing, type Kernel } from '@orrery/kernel'
import { recordRunEnds } from '../firing/record-run-ends.ts'
import { transactAsAutomations } from '../firing-context.ts'
import { type EndedRun, selectUnrecordedEnds } from '../firing-store.ts'

export const SWEEP_ROWS_MAX = 500

/** Settles runs that have ended although the event of their end was not handled. Returns how many. */
export async function sweepRunEnds(kernel: Kernel): Promise<number> {
  const rows = await selectUnrecordedEnds(kernel.database, SWEEP_ROWS_MAX)
  for (const [org, ended] of Map.groupBy(rows, (one) => one.org)) await recordEndsApart(kernel, org, ended)
  return rows.length
}

/** Together; if that fails one by one, so that one which cannot be settled does not hold up the others. */
async function recordEndsApart(kernel: Kernel, org: OrgId, ended: readonly EndedRun[]): Promise<void> {
  try {
    await transactAsAutomations(kernel, org, (context) => recordRunEnds(context, ended))
  } catch (error) {
    if (isPassing(error)) throw error
    kernel.log.error({ error, org, runs: ended.map(({ run }) => run) }, 'The ends of runs could not be settled')
    if (ended.length > 1) for (const one of ended) await recordEndsApart(kernel, org, [one])
  }
}
