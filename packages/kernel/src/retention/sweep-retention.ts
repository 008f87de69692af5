import { encodeId } from '@orrery/contract'
import type { Kernel } from '../context/kernel.ts'
import type { Transaction } from '../database/database.ts'
import {
  deleteOldCalls,
  deleteOldFirings,
  lockNextRetention,
  putOffRetention,
  type RetentionRow,
  selectOldEvents,
  selectOldRuns,
} from './retention-store.ts'

const DAY_MS = 86_400_000
const RUNS_BATCH = 100
const ROWS_BATCH = 1000
const LOOK_AGAIN_MS = 600_000

/**
 * Deletes a batch of what an organization keeps no longer: of the one that was not looked at the longest, so that each gets its turn. Returns
 * false if no organization is due.
 */
export async function sweepRetention({
  database,
  engine,
  clock,
  log,
}: Pick<Kernel, 'database' | 'engine' | 'clock' | 'log'>): Promise<boolean> {
  const now = clock.now()
  let taken: RetentionRow | undefined
  const work = database.survey(async (tx) => {
    const row = await lockNextRetention(tx, new Date(now))
    taken = row
    if (row === undefined) return false
    const before = (days: number) => new Date(now - days * DAY_MS)
    const deleted = await deleteOld(tx, engine, row, before)
    const isFull = deleted.runs >= RUNS_BATCH || Math.max(deleted.events, deleted.toolCalls, deleted.firings) >= ROWS_BATCH
    await putOffRetention(tx, row.org_id, new Date(now + (isFull ? 0 : LOOK_AGAIN_MS)))
    if (Object.values(deleted).some((count) => count > 0))
      log.info({ org: encodeId('org', row.org_id), ...deleted }, 'Deleted what is past its retention')
    return true
  })
  return work.catch(async (error: unknown) => {
    // The others must not wait for one that fails.
    const org = taken?.org_id
    if (org !== undefined) await database.loop((tx) => putOffRetention(tx, org, new Date(now + LOOK_AGAIN_MS)))
    throw error
  })
}

async function deleteOld(
  tx: Transaction,
  engine: Kernel['engine'],
  { org_id: org, run_days, event_days, tool_call_days, firing_days }: RetentionRow,
  before: (days: number) => Date,
) {
  const runs = run_days === null ? [] : await selectOldRuns(tx, org, before(run_days), RUNS_BATCH)
  const events = event_days === null ? [] : await selectOldEvents(tx, org, before(event_days), ROWS_BATCH)
  return {
    runs: runs.length === 0 ? 0 : (await engine.deleteRuns(org, runs, tx.client)).length,
    events: events.length === 0 ? 0 : await engine.deleteEvents(org, events, tx.client),
    toolCalls: tool_call_days === null ? 0 : await deleteOldCalls(tx, org, before(tool_call_days), ROWS_BATCH),
    firings: firing_days === null ? 0 : await deleteOldFirings(tx, org, before(firing_days), ROWS_BATCH),
  }
}
