import type { OrgId } from '@orrery/engine'
import { isPassing } from '@orrery/kernel'
import { type EndedRun, selectUnsettled } from '../firing-store.ts'
import { settleRuns } from '../settle-runs.ts'
import { type FiringHost, inScene } from './fire-due.ts'

const SWEEP_ROWS = 500

/** Settles runs that have ended although the event of their end was not handled. Returns how many. */
export async function sweepEnds(host: FiringHost, now: () => number): Promise<number> {
  const rows = await selectUnsettled(host.database, SWEEP_ROWS)
  for (const [org, ended] of Map.groupBy(rows, (one) => one.org)) await settleApart(host, org, ended, now)
  return rows.length
}

/** Together; if that fails one by one, so that one which cannot be settled does not hold up the others. */
async function settleApart(host: FiringHost, org: OrgId, ended: readonly EndedRun[], now: () => number): Promise<void> {
  try {
    await inScene(host, org, now, (scene) => settleRuns(scene, ended))
  } catch (error) {
    if (isPassing(error)) throw error
    host.log.error({ error, org, runs: ended.map(({ run }) => run) }, 'The ends of runs could not be settled')
    if (ended.length > 1) for (const one of ended) await settleApart(host, org, [one], now)
  }
}
