import { newUuid } from '../../uuid.ts'
import type { Beat, BeatRequest, WorkerId, WorkerInfo } from '../store.ts'
import { isOverdue } from './finish.ts'
import { LOSSES_MAX, lose, makeReady, requeue } from './live-run.ts'
import { key, type Live, type Session } from './tables.ts'

export function register(session: Session, info: WorkerInfo): { worker: WorkerId; now: number } {
  const worker = newUuid(session.now, session.random)
  session.tables.workers.set(worker, { info, registeredAt: session.now, beatAt: session.now, leaseMs: 0, idle: new Set(), fenced: false })
  return { worker, now: session.now }
}

export function retire(session: Session, worker: WorkerId): number {
  // Its process lives, so it was not lost, and no run waits or stays blocked because of it.
  for (const live of session.tables.live.values()) {
    const { state, lostBy } = live
    live.lostBy = lostBy.filter((lost) => lost !== worker)
    const isWait = state === 'waiting' && lostBy.at(-1) === worker
    const isBlock = state === 'blocked' && lostBy.length > LOSSES_MAX && live.lostBy.length <= LOSSES_MAX
    if (isWait || isBlock) makeReady(live, session.now)
  }
  const row = session.tables.workers.get(worker)
  if (row === undefined || row.fenced) return 0
  row.fenced = true
  const runs = runsOf(session, worker)
  for (const live of runs) requeue(session, live)
  return runs.length
}

/** Invariant (I5): the fence comes before the runs are handed over, so that only the next worker can write to them. */
export function fence(session: Session, worker: WorkerId, leaseMs: number): number {
  const row = session.tables.workers.get(worker)
  if (row) row.fenced = true
  const runs = runsOf(session, worker)
  for (const live of runs) lose(session, live, worker, leaseMs)
  return runs.length
}

export function beat(session: Session, worker: WorkerId, { leaseMs, queues, idle }: BeatRequest): Beat {
  const { tables, now } = session
  const own = tables.workers.get(worker)
  const alive = own !== undefined && !own.fenced
  let reaped = 0
  // After a standstill the others were silent as long as this worker, and need a beat to show it.
  if (alive && own.beatAt > now - Math.max(leaseMs, 1000)) {
    for (const [id, row] of tables.workers) {
      const isSilent = now - row.beatAt > Math.max(leaseMs, row.leaseMs)
      if (id !== worker && !row.fenced && isSilent) reaped += fence(session, id, leaseMs)
    }
  }
  if (alive) Object.assign(own, { beatAt: now, leaseMs, idle: new Set(idle) })
  for (const live of tables.live.values()) {
    if (live.state === 'blocked' && live.at !== null && live.at <= now && queues.includes(live.row.queue)) makeReady(live, now)
  }
  const inQueues = [...tables.live.values()].filter((live) => queues.includes(live.row.queue))
  const times = inQueues.flatMap((live) => (live.at === null || live.state === 'paused' || live.state === 'blocked' ? [] : [live.at]))
  return {
    alive,
    now,
    poked: alive
      ? runsOf(session, worker)
          .filter((live) => isPoked(session, live))
          .map((live) => live.row.run)
      : [],
    ready: inQueues.some((live) => live.state === 'ready'),
    nextAt: times.length > 0 ? Math.min(...times) : null,
    reaped,
    overdue: [...tables.live.values()].some((live) => isOverdue(live, now)),
  }
}

function isPoked(session: Session, live: Live): boolean {
  return live.pauseRequested || (session.tables.inbox.get(key(live.row.org, live.row.run))?.length ?? 0) > 0
}

function runsOf(session: Session, worker: WorkerId): Live[] {
  return [...session.tables.live.values()].filter((live) => live.worker === worker)
}
