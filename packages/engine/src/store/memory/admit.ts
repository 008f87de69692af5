import type { RunId } from '../store.ts'
import { cancelRun } from './finish.ts'
import { takeLimits } from './limits.ts'
import { insertMessage } from './messages.ts'
import type { Live, Session } from './tables.ts'
import { key } from './tables.ts'
import { newUuid } from './uuid.ts'

/** Decides on a gated run whose time has come. Answers the runs that have to make way for it. */
export function admit(session: Session, live: Live): RunId[] {
  if (takeLimits(session, live)) return []
  const wish = live.limits.find((each) => each.limit === live.gate)
  if (wish?.onFull === 'cancel_newest') cancelRun(session, live, `limit ${wish.limit} is full`)
  return wish?.onFull === 'cancel_in_progress' ? makeWay(session, live, wish.limit) : []
}

/** Decides on the gated runs that were delayed until now. */
export function admitDue(session: Session, queues: readonly string[]): void {
  const { tables, now } = session
  const due = [...tables.live.values()].filter((live) => isDue(live, now) && queues.includes(live.row.queue))
  // An earlier one may have ended a later one.
  for (const live of due.sort((a, b) => (a.at ?? 0) - (b.at ?? 0))) {
    if (isDue(live, now) && tables.live.has(key(live.row.org, live.row.run))) admit(session, live)
  }
}

function isDue(live: Live, now: number): boolean {
  return live.state === 'gated' && live.at !== null && live.at <= now
}

/** Ends the others of a limit that have not begun, and asks those that have to stop. Waiting ones first, so that what they would have got is left for the new one. */
function makeWay(session: Session, newest: Live, limit: string): RunId[] {
  const { tables, now, random } = session
  const others = [...tables.live.values()]
    .filter((live) => live !== newest && live.row.org === newest.row.org && live.limits.some((wish) => wish.limit === limit))
    .sort((a, b) => Number(a.holds.length > 0) - Number(b.holds.length > 0) || (a.row.run < b.row.run ? -1 : 1))
  for (const live of others) {
    const { org, run } = live.row
    const reason = `superseded by ${newest.row.run}`
    if (live.begun) insertMessage(session, { org, run, id: newUuid(now, random), kind: 'cancel', name: reason, payload: null, error: null })
    else cancelRun(session, live, reason)
  }
  return others.map((live) => live.row.run)
}
