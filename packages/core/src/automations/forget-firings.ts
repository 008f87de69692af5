import type { Database } from '../database/database.ts'
import { sql } from '../database/sql.ts'

/** Rows removed in one step: so many mean that there may be more. */
export const FIRINGS_BATCH = 1000
/** What came of a moment is of interest for a quarter of a year, as calls of tools are. Its run is kept on its own terms. */
const KEPT_MS = 90 * 86_400_000

export async function forgetFirings(database: Database, now: number): Promise<number> {
  const rows = await database.ask(sql`delete from app.firing f using (
       select org_id, firing_id from app.firing
       where decided_at < ${new Date(now - KEPT_MS)} and not going and outcome not in ('scheduled', 'buffered') order by decided_at limit ${FIRINGS_BATCH}
     ) old
     where f.org_id = old.org_id and f.firing_id = old.firing_id returning 1`)
  return rows.length
}
