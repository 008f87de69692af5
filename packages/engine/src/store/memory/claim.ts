import type { ClaimedRun, ClaimRequest, OrgId } from '../store.ts'
import { admitDue } from './admit.ts'
import { proveWorker } from './flush.ts'
import { byRank } from './limits.ts'
import { makeReady, makeRunning, toClaimed } from './live-run.ts'
import { key, type Live, type Session, type Tables } from './tables.ts'

/** Where this process left off in the round of orgs. */
export interface Turn {
  org: OrgId
}

export function claim(session: Session, request: ClaimRequest, turn: Turn, fencing = true): readonly ClaimedRun[] {
  const { tables, now } = session
  if (fencing) proveWorker(tables, request.worker)
  admitDue(session, request.queues)
  const inQueues = [...tables.live.values()].filter((live) => request.queues.includes(live.row.queue))
  const ready = inQueues.filter((live) => live.state === 'ready' && mayTake(tables, live, request))
  const due = inQueues
    .filter((live) => live.state === 'waiting' && live.at !== null && live.at <= now)
    .sort(byAt)
    .slice(0, request.limit)
  const mine = due.filter((live) => mayTake(tables, live, request))
  // The others are due as well: they become ready, so that nobody has to find them a second time.
  for (const live of due) makeReady(live, live.at ?? now)
  return [...mine, ...roundRobin(ready, request.limit - mine.length, turn)].map((live) => {
    const { begun } = live
    makeRunning(live, request.worker)
    return toClaimed(live, begun)
  })
}

function mayTake(tables: Tables, live: Live, request: ClaimRequest): boolean {
  const { org, queue } = live.row
  return (request.orgs?.includes(org) ?? true) && !tables.pausedQueues.has(key(org, queue))
}

/** One of each org in turn, beginning after the org that was served last; within an org by rank. */
function roundRobin(ready: readonly Live[], limit: number, turn: Turn): Live[] {
  const byOrg = new Map<OrgId, Live[]>()
  for (const live of [...ready].sort(byRank)) {
    const rest = byOrg.get(live.row.org)
    if (rest) rest.push(live)
    else byOrg.set(live.row.org, [live])
  }
  const orgs = [...byOrg.keys()].sort()
  const order = [...orgs.filter((org) => org > turn.org), ...orgs.filter((org) => org <= turn.org)]
  const taken: Live[] = []
  for (let round = 0; taken.length < Math.min(limit, ready.length); round++) {
    for (const org of order) {
      const next = byOrg.get(org)?.[round]
      if (next === undefined || taken.length >= limit) continue
      taken.push(next)
      turn.org = org
    }
  }
  return taken
}

function byAt(a: Live, b: Live): number {
  return (a.at ?? 0) - (b.at ?? 0) || byRank(a, b)
}
