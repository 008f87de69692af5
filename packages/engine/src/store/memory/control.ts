import type { DeliverOutcome, Message, OrgId, RunId } from '../store.ts'
import { stopRun, terminateRun } from './finish.ts'
import { makeReady } from './live-run.ts'
import { findOutcome, insertMessage } from './messages.ts'
import { key, type Session } from './tables.ts'

export function deliver(session: Session, message: Message): DeliverOutcome {
  const live = session.tables.live.get(key(message.org, message.run))
  if (live === undefined || (message.kind !== 'cancel' && message.kind !== 'terminate')) {
    insertMessage(session, message)
    return findOutcome(session.tables, message.org, message.run)
  }
  if (message.kind === 'terminate') terminateRun(session, live, message.id, message.reason)
  else stopRun(session, live, message.id, message.reason)
  return { type: 'delivered', worker: live.worker, queue: live.row.queue }
}

/**
 * Pauses a run without a worker at once; a delayed one keeps its time. Pokes a run that a worker holds, and the worker parks it. A gated or
 * blocked run keeps the request until it becomes ready.
 */
export function setPause(session: Session, org: OrgId, run: RunId, paused: boolean): DeliverOutcome {
  const live = session.tables.live.get(key(org, run))
  if (live === undefined) return findOutcome(session.tables, org, run)
  live.pauseRequested = paused
  live.wakes++
  if (paused && (live.state === 'ready' || live.state === 'waiting')) {
    const at = live.begun ? null : live.at
    makeReady(live, session.now)
    live.state = 'paused'
    live.at = at
  } else if (!paused && live.state === 'paused') {
    const at = live.at
    makeReady(live, session.now)
    if (at !== null && at > session.now) {
      live.state = 'waiting'
      live.at = at
    }
  }
  return findOutcome(session.tables, org, run)
}

export function unblock(session: Session, org: OrgId, run: RunId, bundle: string | null): boolean {
  const { tables, now } = session
  const id = key(org, run)
  const live = tables.live.get(id)
  if (live === undefined || (live.state !== 'blocked' && (live.state !== 'paused' || bundle === null))) return false
  if (bundle !== null) {
    const blank = { cmd: 0, input: null, output: null, error: null, attempt: 1, startedAt: now, at: now } as const
    const row = { org, run, seq: live.nextSeq, kind: 'version', name: bundle, ...blank } as const
    tables.journal.set(id, [...(tables.journal.get(id) ?? []), row])
    live.nextSeq++
    live.bundle = bundle
  }
  live.lostBy = []
  if (live.state === 'paused') setPause(session, org, run, false)
  else {
    live.wakes++
    makeReady(live, now)
  }
  return true
}

export function setQueuePaused(session: Session, org: OrgId, queue: string, paused: boolean): void {
  if (paused) session.tables.pausedQueues.add(key(org, queue))
  else session.tables.pausedQueues.delete(key(org, queue))
}
