import type { OrgId } from '@orrery/engine'
import type { Clock } from '../context/kernel.ts'
import type { Sql } from '../database/sql.ts'

/**
 * One kind of work that becomes due at a time, such as a schedule, the next fetch of a feed, or a deadline. Each noun defines its kinds.
 */
export interface DueKind {
  /** Used in metrics, for example `schedule`. */
  readonly name: string
  /**
   * The waiting rows of all organizations, as a query with the columns `org_id` and `at`. It needs an index on the time: reading the next
   * rows must not cost more when more rows wait.
   */
  readonly waiting: Sql
  /** Whether one organization benefits from several concurrent transactions. Default: no. */
  readonly isParallel?: boolean
  /**
   * Handles some of the due rows of an organization, the oldest first, and sets their next state in the same transaction. Skips rows locked
   * by another process. The clock's next query finds the rows that are left.
   */
  run(due: DueWork): Promise<DueResult>
}

export interface DueWork {
  readonly org: OrgId
  /** The database's time, as this process knows it. */
  readonly clock: Clock
}

export interface DueResult {
  /** Rows that were handled. 0: another process has locked them, or there is no room now. */
  readonly count: number
  /** For each handled row, the time from when it was due until it was handled. */
  readonly latenessMs: readonly number[]
}

export const NOTHING_DONE: DueResult = { count: 0, latenessMs: [] }
