import type { OrgId } from '@orrery/engine'
import type { Clock } from '../context/kernel.ts'
import type { Sql } from '../database/sql.ts'

/** One kind of work that becomes due at a time: schedules that fire, feeds to be fetched, deadlines. A noun brings its kinds. */
export interface DueKind {
  /** For the log and for figures: `schedule`. */
  readonly name: string
  /**
   * The rows that wait, of all organizations, as a query of the columns `org_id` and `at`. An index on the time lets the clock read the next ones
   * at the same cost however many wait.
   */
  readonly waiting: Sql
  /** Whether several transactions side by side are of use for one organization. Default: no. */
  readonly isParallel?: boolean
  /**
   * Does some of what is due in an organization, oldest first, and moves it on in the same transaction. Rows locked by another process are
   * skipped. What is left is found by the next look.
   */
  run(due: DueWork): Promise<DueResult>
}

export interface DueWork {
  readonly org: OrgId
  /** The database's, as it was measured at the last look. */
  readonly clock: Clock
}

export interface DueResult {
  /** Rows that were looked at. 0: another process has them, or there is no room now. */
  readonly count: number
  /** For each row that was done: from its time until it was done. */
  readonly latenessMs: readonly number[]
}

export const NOTHING_DONE: DueResult = { count: 0, latenessMs: [] }
