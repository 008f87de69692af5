import type { OrgId } from '@orrery/engine'
import { sql } from '../../database/sql.ts'
import { type EndedRun, settleRuns } from '../settle-runs.ts'
import { isPassing } from '../triggers/is-passing.ts'
import { type FiringHost, inScene } from './fire-due.ts'

const SWEEP_ROWS = 500

/** Settles runs that have ended without anybody having handled the event of their end. Gives how many. */
export async function sweepEnds(host: FiringHost, now: () => number): Promise<number> {
  const rows = await host.database.ask<EndedRun & { readonly org: OrgId }>(sql`select f.org_id as org, f.run_id as run,
       case r.status when 1 then 'succeeded' when 2 then 'failed' when 4 then 'timed_out' else 'cancelled' end as status
     from app.firing f left join engine.result r on r.org_id = f.org_id and r.run_id = f.run_id
     where f.going and not exists (select from engine.live l where l.org_id = f.org_id and l.run_id = f.run_id)
       and coalesce(r.at < now() - interval '10 s', true)
     limit ${SWEEP_ROWS}`)
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
