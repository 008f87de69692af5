import type { OrgId, RunId } from '@orrery/engine'
import type { Transaction } from '../../database/database.ts'

/** So many firings may come one out of the other; then it is a loop, and ends. */
export const DEPTH_MAX = 16
/** Parents and sources of a run that are looked at. */
const ANCESTORS_MAX = 100

/**
 * How many firings lie behind an event: those that led to the run which wrote it, or which it is about. The run itself need not have
 * been started by an automation: its parent may, or the run that it repeats.
 */
export async function findDepth(tx: Transaction, org: OrgId, run: RunId | null): Promise<number> {
  if (run === null) return 0
  const { rows } = await tx.client.query<{ depth: number }>({
    name: 'firing_depth',
    text: `with recursive up(run_id, place) as (
             select $2::uuid, 0
             union all
             select coalesce(r.parent_run, r.origin_run), up.place + 1 from up join engine.run r on r.org_id = $1 and r.run_id = up.run_id
             where coalesce(r.parent_run, r.origin_run) is not null and up.place < ${ANCESTORS_MAX}
           )
           select coalesce(max(f.depth) + 1, 0) as depth from up join app.firing f on f.org_id = $1 and f.firing_id = up.run_id`,
    values: [org, run],
  })
  return rows[0]?.depth ?? 0
}
