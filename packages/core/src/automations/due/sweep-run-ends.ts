import type { OrgId } from '@orrery/engine'
import { isTransient, type Kernel } from '@orrery/kernel'
import { recordRunEnds } from '../firing/record-run-ends.ts'
import { transactAsAutomations } from '../firing-context.ts'
import { type EndedRun, selectUnrecordedEnds } from '../firing-store.ts'

export const SWEEP_ROWS_MAX = 500

/** Records the ends of runs whose end events were not handled. Returns how many it recorded. */
export async function sweepRunEnds(kernel: Kernel): Promise<number> {
  const rows = await selectUnrecordedEnds(kernel.database, SWEEP_ROWS_MAX)
  let recorded = 0
  for (const [org, ended] of Map.groupBy(rows, (one) => one.org)) recorded += await recordEndsApart(kernel, org, ended)
  return recorded
}

/** Records all ends together. If that fails, records them one by one, so that an end that cannot be recorded does not block the others. */
async function recordEndsApart(kernel: Kernel, org: OrgId, ended: readonly EndedRun[]): Promise<number> {
  try {
    await transactAsAutomations(kernel, org, (context) => recordRunEnds(context, ended))
    return ended.length
  } catch (error) {
    if (isTransient(error)) throw error
    kernel.log.error({ error, org, runs: ended.map(({ run }) => run) }, 'The ends of runs could not be recorded')
    let recorded = 0
    if (ended.length > 1) for (const one of ended) recorded += await recordEndsApart(kernel, org, [one])
    return recorded
  }
}
