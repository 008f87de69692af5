import { newUuid } from '../../uuid.ts'
import type { Beat, WorkerId, WorkerInfo } from '../store.ts'
import { isOverdue } from './finish.ts'
import { requeue } from './live-run.ts'
import { key, type Live, type Session } from './tables.ts'

export function register(session: Session, info: WorkerInfo): { worker: WorkerId; now: number } {
  const worker = newUuid(session.now, session.random)
  session.tables.workers.set(worker, { info, registeredAt: session.now, beatAt: session.now, fenced: false })
  return { worker, now: session.now }
}

export function retire(session: Session, worker: WorkerId): number {
  const row = session.tables.workers.get(worker)
  if (row === undefined || row.fenced) return 0
  return fence(session, worker, false)
}

/** Invariant (I5): the fence comes before the runs are handed over, so that only the next worker can write to them. */
export function fence(session: Session, worker: WorkerId, crashed: boolean): number {
  const row = session.tables.workers.get(worker)
  if (row) row.fenced = true
  const runs = runsOf(session, worker)
  for (const live of runs) requeue(session, live, crashed)
  return runs.length
}

export function beat(session: Session, worker: WorkerId, leaseMs: number, queues: readonly string[]): Beat {
  const { tables, now } = session
  const own = tables.workers.get(worker)
  const alive = own !== undefined && !own.fenced
  if (alive) own.beatAt = now
  let reaped = 0
  for (const [id, row] of tables.workers) {
    if (id !== worker && !row.fenced && now - row.beatAt > leaseMs) reaped += fence(session, id, true)
  }
  const inQueues = [...tables.live.values()].filter((live) => queues.includes(live.row.queue))
  const times = inQueues.flatMap((live) => (live.at === null || live.state === 'paused' ? [] : [live.at]))
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
