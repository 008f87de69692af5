import type { FinishRow } from '../store.ts'
import { releaseLimits } from './limits.ts'
import { key } from './tables.ts'
import type { Live, Session } from './tables.ts'

/** Ends a run for good: its result is written, its live row, inbox and places in limits are gone. Answers the runs let in instead. */
export function finishRun(session: Session, finish: FinishRow): Live[] {
  const { tables } = session
  const id = key(finish.org, finish.run)
  const live = tables.live.get(id)
  tables.results.set(id, finish)
  tables.live.delete(id)
  tables.inbox.delete(id)
  tables.known.delete(id)
  return live ? releaseLimits(session, live) : []
}

/** Ends a run in the store's own name. */
export function cancelRun(session: Session, live: Live, reason: string): Live[] {
  return finishRun(session, {
    org: live.row.org,
    run: live.row.run,
    status: 'cancelled',
    output: null,
    error: { name: 'Cancelled', message: reason, kind: 'cancelled' },
    at: session.now,
    holds: live.holds.length > 0,
  })
}
