import type { ClaimedRun, RunRow } from '../../store/store.ts'

/** What a claim would give for a run that this worker has just started itself. */
export function toClaimed(row: RunRow): ClaimedRun {
  return { ...row, wakes: 0, nextSeq: 1, base: 0, crashes: 0, begun: false, holds: false, pauseRequested: false }
}
