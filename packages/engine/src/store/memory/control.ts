import type { DeliverOutcome, OrgId, RunId } from '../store.ts'
import { cancelRun } from './finish.ts'
import { makeDue, makeReady } from './live-run.ts'
import { whereIs } from './messages.ts'
import { key } from './tables.ts'
import type { Session } from './tables.ts'

export function terminate(session: Session, org: OrgId, run: RunId, reason: string): boolean {
  const live = session.tables.live.get(key(org, run))
  if (live === undefined || live.state === 'running') return false
  cancelRun(session, live, reason)
  return true
}

/**
 * A run that nobody works on is paused at once. One that a worker has is poked, and its worker parks it; one that is
 * gated or blocked keeps the wish for when it gets on.
 */
export function setPause(session: Session, org: OrgId, run: RunId, paused: boolean): DeliverOutcome {
  const live = session.tables.live.get(key(org, run))
  if (live === undefined) return whereIs(session.tables, org, run)
  live.pauseRequested = paused
  live.wakes++
  if (paused && (live.state === 'ready' || live.state === 'waiting')) {
    const at = live.begun ? null : live.at
    makeReady(live, session.now)
    live.state = 'paused'
    live.at = at
  } else if (!paused && live.state === 'paused') makeDue(live, live.at, session.now)
  return whereIs(session.tables, org, run)
}

export function unblock(session: Session, org: OrgId, run: RunId, bundle: string | null): boolean {
  const { tables, now } = session
  const id = key(org, run)
  const live = tables.live.get(id)
  if (live?.state !== 'blocked') return false
  if (bundle !== null) {
    const rows = tables.journal.get(id) ?? []
    const seq = (rows.at(-1)?.seq ?? 0) + 1
    const blank = { cmd: 0, input: null, output: null, error: null, attempt: 0, startedAt: now, at: now } as const
    tables.journal.set(id, [...rows, { org, run, seq, kind: 'version', name: bundle, ...blank }])
    live.nextSeq = seq + 1
    live.bundle = bundle
  }
  live.crashes = 0
  makeReady(live, now)
  return true
}

export function setQueuePaused(session: Session, org: OrgId, queue: string, paused: boolean): void {
  if (paused) session.tables.pausedQueues.add(key(org, queue))
  else session.tables.pausedQueues.delete(key(org, queue))
}
