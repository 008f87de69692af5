import { newUuid } from '../../uuid.ts'
import { stopped } from '../stopped.ts'
import type { FinalStatus, FinishRow, OrgId, RunId } from '../store.ts'
import { releaseLimits } from './limits.ts'
import { makeReady } from './live-run.ts'
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
  // A run that has ended holds no limits and has no children to stop.
  tables.results.set(id, { ...finish, holds: false, children: null })
  tables.live.delete(id)
  tables.inbox.delete(id)
  tables.known.delete(id)
  return live ? releaseLimits(session, live) : []
}

/** The runs that changed because others ended or were stopped. */
export type Changed = Live[]

const REASON_OF_TIMEOUT = 'the run took longer than its time limit'

/** Ends a run that no worker holds: sends the outcome to its parent and stops its children. Returns the other runs that changed. */
export function endRun(session: Session, live: Live, status: FinalStatus & ('cancelled' | 'timed_out'), reason: string): Changed {
  const { org, run, parent } = live.row
  const error = stopped(status, reason)
  const holds = live.holds.length > 0
  const changed = finishRun(session, { org, run, status, output: null, error, at: session.now, holds, children: null })
  const id = newUuid(session.now, session.random)
  const told =
    parent && insertMessage(session, { org, run: parent.run, id, kind: 'child', cmd: parent.cmd, child: run, output: null, error })
  return [...changed, ...(told ? [told] : []), ...closeChildren(session, org, run)]
}

/** Like `endRun`, for a run whose start was announced. */
export function endAndTell(session: Session, live: Live, status: 'cancelled' | 'timed_out', reason: string): Changed {
  const { org, run, workflow } = live.row
  session.tables.events.push({ org, type: `run.${status}`, subject: run, data: JSON.stringify({ workflow, reason }), at: session.now })
  return endRun(session, live, status, reason)
}

/** Stops the live children of an ended run, as it declared. */
export function closeChildren(session: Session, org: OrgId, parent: RunId): Changed {
  const children = [...session.tables.live.values()].filter(
    ({ row }) => row.org === org && row.parent?.run === parent && row.parent.close !== 'abandon',
  )
  return children
    .sort((a, b) => (a.row.run < b.row.run ? -1 : 1))
    .flatMap((child) => {
      // Another child's end may have ended this one.
      if (!session.tables.live.has(key(org, child.row.run))) return []
      const stop = child.row.parent?.close === 'terminate' ? terminateRun : stopRun
      return stop(session, child, newUuid(session.now, session.random), 'its parent ended')
    })
}

/** Asks a run to stop, or ends it if it needs no worker for that: it has not begun, or its code cannot continue. */
export function stopRun(session: Session, live: Live, id: string, reason: string): Changed {
  if (needsNoWorker(live)) return endAndTell(session, live, 'cancelled', reason)
  return askToStop(session, live, id, reason, 'cancel')
}

/** Ends a run at once, or asks the worker that holds it to do so. */
export function terminateRun(session: Session, live: Live, id: string, reason: string): Changed {
  if (live.state !== 'running') return endAndTell(session, live, 'cancelled', reason)
  return askToStop(session, live, id, reason, 'terminate')
}

function askToStop(session: Session, live: Live, id: string, reason: string, kind: 'cancel' | 'terminate'): Changed {
  const { org, run } = live.row
  const told = insertMessage(session, { org, run, id, kind, reason })
  if (told === null) return []
  live.pauseRequested = false
  if (live.state === 'paused') makeReady(live, session.now)
  return [live]
}

/** Times out a run that no worker holds, or wakes it so that its cleanup runs. Returns the runs that changed. */
export function expire(session: Session): Changed {
  const overdue = [...session.tables.live.values()].filter((live) => isOverdue(live, session.now))
  return overdue.sort(byDeadline).flatMap((live) => {
    if (!session.tables.live.has(key(live.row.org, live.row.run)) || !isOverdue(live, session.now)) return []
    if (needsNoWorker(live)) return endAndTell(session, live, 'timed_out', REASON_OF_TIMEOUT)
    makeReady(live, session.now)
    live.pauseRequested = false
    return [live]
  })
}

/** Past its deadline, and `expire` has to do something about it. */
export function isOverdue(live: Live, now: number): boolean {
  const { deadline } = live.row
  return deadline !== null && deadline <= now && (needsNoWorker(live) || live.state === 'paused')
}

function needsNoWorker({ state, begun, nextSeq }: Live): boolean {
  return state !== 'running' && (state === 'gated' || state === 'blocked' || (!begun && nextSeq === 1))
}

const byDeadline = (a: Live, b: Live): number => (a.row.deadline ?? 0) - (b.row.deadline ?? 0)
