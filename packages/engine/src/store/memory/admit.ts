import { newUuid } from '../../uuid.ts'
import type { RunId } from '../store.ts'
import { endAndTell, endRun, stopRun } from './finish.ts'
import { hasRoom, limitOf, maxOf, takeLimits } from './limits.ts'
import { key, type Live, type Session } from './tables.ts'

/**
 * Decides on a gated run whose time has come. Returns the runs that are asked to stop so that it can have their limit. `isAnnounced`: its start
 * has an event already.
 */
export function admit(session: Session, live: Live, isAnnounced: boolean): RunId[] {
  if (takeLimits(session, live)) return []
  const full = live.limits.filter((wish) => !hasRoom(limitOf(session.tables, live.row.org, wish.limit)))
  const strict = full.find((wish) => wish.onFull === 'cancel_newest')
  if (strict) {
    const end = isAnnounced ? endAndTell : endRun
    end(session, live, 'cancelled', `limit ${strict.limit} is full`)
    return []
  }
  return full.flatMap((wish) => (wish.onFull === 'cancel_in_progress' ? makeWay(session, live, wish.limit) : []))
}

/** Decides on the gated runs whose delay has passed. */
export function admitDue(session: Session, queues: readonly string[]): void {
  const { tables, now } = session
  const due = [...tables.live.values()].filter((live) => isDue(live, now) && queues.includes(live.row.queue))
  // A run handled earlier in this loop may have ended a later one.
  for (const live of due.sort((a, b) => (a.at ?? 0) - (b.at ?? 0))) {
    if (isDue(live, now) && tables.live.has(key(live.row.org, live.row.run))) admit(session, live, true)
  }
}

function isDue(live: Live, now: number): boolean {
  return live.state === 'gated' && live.at !== null && live.at <= now
}

/** Asks the oldest runs that hold the limit or wait for it to stop, as many as prevent the newest from running. */
function makeWay(session: Session, newest: Live, name: string): RunId[] {
  const { tables, now, random } = session
  const { org } = newest.row
  const limit = limitOf(tables, org, name)
  const waits = (live: Live): boolean => live.state === 'gated' && live.gate === name && live.at === null
  const others = [...tables.live.values()]
    .filter((live) => live !== newest && live.row.org === org && (limit.holders.has(live.row.run) || waits(live)))
    .map((live) => live.row.run)
    .sort()
  const displaced = others.slice(0, Math.max(0, others.length + 1 - maxOf(limit)))
  for (const run of displaced) {
    const other = tables.live.get(key(org, run))
    if (other) stopRun(session, other, newUuid(now, random), 'a newer run took its place')
  }
  return displaced
}
