import type { DeliverOutcome, OrgId, RunId } from '../store.ts'
import { cancelRun } from './finish.ts'
import { makeReady } from './live-run.ts'
import { whereIs } from './messages.ts'
import type { Session } from './tables.ts'
import { key } from './tables.ts'

export function terminate(session: Session, org: OrgId, run: RunId, reason: string): boolean {
  const live = session.tables.live.get(key(org, run))
  if (live === undefined || live.state === 'running') return false
  cancelRun(session, live, reason)
  return true
}

/** A wish: the worker that has the run, or the next one that gets it, parks it as paused. */
export function setPause(session: Session, org: OrgId, run: RunId, paused: boolean): DeliverOutcome {
  const live = session.tables.live.get(key(org, run))
  if (live) {
    live.pauseRequested = paused
    live.wakes++
    if (!paused && live.state === 'paused') makeReady(live, session.now)
  }
  return whereIs(session.tables, org, run)
}

export function unblock(session: Session, org: OrgId, run: RunId, bundle: string | null): boolean {
  const { tables, now } = session
  const id = key(org, run)
  const live = tables.live.get(id)
  if (live?.state !== 'blocked') return false
  if (bundle !== null) {
    const blank = { cmd: 0, input: null, output: null, error: null, attempt: 1, startedAt: now, at: now } as const
    const row = { org, run, seq: live.nextSeq, kind: 'version', name: bundle, ...blank } as const
    tables.journal.set(id, [...(tables.journal.get(id) ?? []), row])
    live.nextSeq++
    live.bundle = bundle
  }
  live.crashes = 0
  live.wakes++
  makeReady(live, now)
  return true
}

export function setQueuePaused(session: Session, org: OrgId, queue: string, paused: boolean): void {
  if (paused) session.tables.pausedQueues.add(key(org, queue))
  else session.tables.pausedQueues.delete(key(org, queue))
}
