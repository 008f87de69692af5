import type { Priority } from '../../workflow/protocol.ts'
import type { AdmittedStart, ClaimedRun, LiveRow, Millis, RunRow, WorkerId } from '../store.ts'
import { key, type Live, type Session, type Tables } from './tables.ts'

/** Moves a run's time of readiness earlier by this much. Because it is a difference in time, a run that waits long enough becomes first. */
const BONUS_MS: Readonly<Record<Priority, number>> = { low: -600_000, normal: 0, high: 600_000, urgent: 3_600_000 }

export function rankAt(at: Millis, priority: Priority): number {
  return at - BONUS_MS[priority]
}

/** When the run became ready. Only meaningful for a ready run. */
export function readyAt({ rank, row }: Live): Millis {
  return rank + BONUS_MS[row.priority]
}

/** The live row of a new run, in a state that no worker can see yet. */
export function newLive(row: RunRow, at: Millis, limits: AdmittedStart['concurrency'] = []): Live {
  return {
    row,
    bundle: row.bundle,
    state: 'ready',
    at: null,
    rank: rankAt(at, row.priority),
    worker: null,
    lostBy: [],
    wakes: 0,
    waits: [],
    reason: null,
    gate: null,
    pauseRequested: false,
    nextSeq: 1,
    base: 0,
    begun: false,
    limits,
    holds: [],
  }
}

export function insertRun(tables: Tables, row: RunRow, live: Live): void {
  tables.runs.set(key(row.org, row.run), row)
  tables.live.set(key(row.org, row.run), live)
}

export function makeReady(live: Live, now: Millis): void {
  live.state = 'ready'
  live.at = null
  live.rank = rankAt(now, live.row.priority)
  live.worker = null
  live.waits = []
  live.reason = null
  live.gate = null
}

export function makeRunning(live: Live, worker: WorkerId): void {
  live.state = 'running'
  live.worker = worker
  live.at = null
  live.waits = []
  live.begun = true
}

/** Takes a run from a worker that is gone and makes it ready. Rows journalled since the live row was last written count as progress. */
export function requeue(session: Session, live: Live): void {
  noteProgress(session, live)
  makeReady(live, session.now)
}

/** Whether it made progress since the live row was last written. */
function noteProgress(session: Session, live: Live): boolean {
  const rows = session.tables.journal.get(key(live.row.org, live.row.run)) ?? []
  const fresh = rows.filter((row) => row.seq >= live.nextSeq)
  const last = fresh.at(-1)
  if (last === undefined) return false
  live.nextSeq = last.seq + 1
  live.base = fresh.findLast((row) => row.kind === 'generation')?.seq ?? live.base
  live.lostBy = []
  return true
}

export const LOSSES_MAX = 5

/** Hands on a run of a worker that fell silent. From the second loss on it waits first, and after too many it is blocked. */
export function lose(session: Session, live: Live, worker: WorkerId, leaseMs: number): void {
  const { tables, now, random } = session
  const isIdle = !noteProgress(session, live) && tables.workers.get(worker)?.idle.has(live.row.run) === true
  if (!isIdle) live.lostBy = [...live.lostBy, worker]
  const lost = live.lostBy.length
  makeReady(live, now)
  if (lost > LOSSES_MAX) {
    const { org, run, workflow } = live.row
    live.state = 'blocked'
    live.reason = `${lost} workers were lost while they executed this run and it made no progress. Look at its last step, then resume it.`
    live.at = lost === LOSSES_MAX + 1 ? now + 120 * leaseMs : lost === LOSSES_MAX + 2 ? now + 720 * leaseMs : null
    const data = JSON.stringify({ workflow, reason: live.reason })
    tables.events.push({ org, type: 'run.blocked', subject: run, data, at: now })
  } else if (lost > 1) {
    live.state = 'waiting'
    live.at = now + 0.2 * 4 ** (lost - 2) * (0.5 + random()) * leaseMs
  }
}

export function toLiveRow(live: Live): LiveRow {
  return {
    org: live.row.org,
    run: live.row.run,
    workflow: live.row.workflow,
    bundle: live.bundle,
    queue: live.row.queue,
    state: live.state,
    priority: live.row.priority,
    at: live.at,
    worker: live.worker,
    crashes: live.lostBy.length,
    waits: live.waits,
    reason: live.reason,
    gate: live.gate,
    pauseRequested: live.pauseRequested,
    nextSeq: live.nextSeq,
    base: live.base,
  }
}

export function toClaimed(live: Live, begun: boolean): ClaimedRun {
  return {
    ...live.row,
    bundle: live.bundle,
    wakes: live.wakes,
    nextSeq: live.nextSeq,
    base: live.base,
    crashes: live.lostBy.length,
    begun,
    holds: live.holds.length > 0,
    pauseRequested: live.pauseRequested,
  }
}
