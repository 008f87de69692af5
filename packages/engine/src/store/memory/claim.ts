import { type Claim, type ClaimRequest, DUE_LOOK_MAX, type OrgId } from '../store.ts'
import { admitDue } from './admit.ts'
import { requireUnfenced } from './flush.ts'
import { byRank } from './limits.ts'
import { makeReady, makeRunning, toClaimed } from './live-run.ts'
import { key, type Live, type Session, type Tables } from './tables.ts'

/** The org that this process served last. The next claim begins after it. */
export interface OrgCursor {
  org: OrgId
}

export function claim(session: Session, request: ClaimRequest, cursor: OrgCursor, fencing = true): Claim {
  const { tables, now } = session
  if (fencing) requireUnfenced(tables, request.worker)
  admitDue(session, request.queues)
  const due = request.queues.flatMap((queue) => dueIn(session, queue))
  // Those that are not taken stay ready, so that the next claim finds the next ones.
  for (const live of due) makeReady(live, live.at ?? now)
  const inQueues = [...tables.live.values()].filter((live) => request.queues.includes(live.row.queue))
  const ready = inQueues.filter((live) => live.state === 'ready' && mayTake(tables, live, request))
  const runs = roundRobin(ready, request.limit, cursor).map((live) => {
    const { begun } = live
    makeRunning(live, request.worker)
    return toClaimed(live, begun)
  })
  return { runs, readied: [...new Set(due.filter((live) => live.state === 'ready').map((live) => live.row.queue))] }
}

function dueIn({ tables, now }: Session, queue: string): Live[] {
  return [...tables.live.values()]
    .filter((live) => live.row.queue === queue && live.state === 'waiting' && live.at !== null && live.at <= now)
    .sort(byAt)
    .slice(0, DUE_LOOK_MAX)
}

function mayTake(tables: Tables, live: Live, request: ClaimRequest): boolean {
  const { org, queue } = live.row
  return (request.orgs?.includes(org) ?? true) && !tables.pausedQueues.has(key(org, queue))
}

/** One run of each org in turn, beginning after the org that was served last. Within an org by rank. */
function roundRobin(ready: readonly Live[], limit: number, cursor: OrgCursor): Live[] {
  const byOrg = new Map<OrgId, Live[]>()
  for (const live of [...ready].sort(byRank)) {
    const rest = byOrg.get(live.row.org)
    if (rest) rest.push(live)
    else byOrg.set(live.row.org, [live])
  }
  const orgs = [...byOrg.keys()].sort()
  const order = [...orgs.filter((org) => org > cursor.org), ...orgs.filter((org) => org <= cursor.org)]
  const taken: Live[] = []
  for (let round = 0; taken.length < Math.min(limit, ready.length); round++) {
    for (const org of order) {
      const next = byOrg.get(org)?.[round]
      if (next === undefined || taken.length >= limit) continue
      taken.push(next)
      cursor.org = org
    }
  }
  return taken
}

function byAt(a: Live, b: Live): number {
  return (a.at ?? 0) - (b.at ?? 0) || byRank(a, b)
}
