import { newUuid } from '../../uuid.ts'
import type { FinishRow } from '../store.ts'
import { releaseLimits } from './limits.ts'
import { insertMessage } from './messages.ts'
import { key, type Live, type Session } from './tables.ts'

/**
 * Ends a run for good: writes its result, deletes its live row and inbox, and releases its limits. Returns the runs admitted to those
 * limits.
 */
export function finishRun(session: Session, finish: FinishRow): Live[] {
  const { tables } = session
  const id = key(finish.org, finish.run)
  const live = tables.live.get(id)
  // A run that has ended holds no limits.
  tables.results.set(id, { ...finish, holds: false })
  tables.live.delete(id)
  tables.inbox.delete(id)
  tables.known.delete(id)
  return live ? releaseLimits(session, live) : []
}

/** Ends a run that no worker holds, and sends the outcome to its parent. */
export function cancelRun(session: Session, live: Live, reason: string): void {
  const { org, run, parent } = live.row
  const error = { name: 'Cancelled', message: reason, kind: 'cancelled' } as const
  finishRun(session, { org, run, status: 'cancelled', output: null, error, at: session.now, holds: live.holds.length > 0 })
  if (parent === null) return
  const id = newUuid(session.now, session.random)
  insertMessage(session, { org, run: parent.run, id, kind: 'child', cmd: parent.cmd, child: run, output: null, error })
}
