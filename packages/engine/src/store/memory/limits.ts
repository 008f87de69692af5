import type { Millis, OrgId, RunId } from '../store.ts'
import { makeDue } from './live-run.ts'
import { key } from './tables.ts'
import type { Limit, Live, Session, Tables } from './tables.ts'

export function limitOf(tables: Tables, org: OrgId, name: string): Limit {
  const id = key(org, name)
  const known = tables.limits.get(id)
  if (known) return known
  const made: Limit = { declared: Number.POSITIVE_INFINITY, override: null, allowed: 0, holders: new Set() }
  tables.limits.set(id, made)
  return made
}

export function maxOf(limit: Limit): number {
  return limit.override ?? limit.declared
}

export function hasRoom(limit: Limit): boolean {
  return limit.holders.size < maxOf(limit)
}

/** Declares a limit's size, and lets in whoever has room in a larger one. Those who hold a smaller one keep their places. */
export function declareLimit(session: Session, org: OrgId, name: string, max: number): void {
  const limit = limitOf(session.tables, org, name)
  limit.declared = max
  resize(session, org, name, limit)
}

export function setLimit(session: Session, org: OrgId, name: string, max: number | null): void {
  const limit = limitOf(session.tables, org, name)
  limit.override = max
  resize(session, org, name, limit)
}

function resize(session: Session, org: OrgId, name: string, limit: Limit): void {
  limit.allowed = Math.max(maxOf(limit), limit.holders.size)
  promote(session, org, name)
}

/**
 * Takes all limits of a run or none: a run that holds one while it waits for another could wait for ever.
 * Answers the first limit that is full, or null.
 */
export function takeLimits(tables: Tables, live: Live): string | null {
  const { org, run } = live.row
  const full = live.limits.find((entry) => !hasRoom(limitOf(tables, org, entry.limit)))
  if (full) return full.limit
  for (const entry of live.limits) limitOf(tables, org, entry.limit).holders.add(run)
  live.holds = live.limits.map((entry) => entry.limit)
  return null
}

/** Gives back what a run holds and lets in who waits for it. Answers the runs let in. */
export function releaseLimits(session: Session, live: Live): Live[] {
  const { tables } = session
  const held = live.holds
  live.holds = []
  for (const name of held) {
    const limit = limitOf(tables, live.row.org, name)
    limit.holders.delete(live.row.run)
    limit.allowed = Math.max(maxOf(limit), Math.min(limit.allowed, limit.holders.size))
  }
  return held.flatMap((name) => promote(session, live.row.org, name))
}

/** Lets gated runs in while the limit has room, by rank and then by id. */
export function promote(session: Session, org: OrgId, name: string): Live[] {
  const { tables, now } = session
  const limit = limitOf(tables, org, name)
  const promoted: Live[] = []
  if (!hasRoom(limit)) return promoted
  for (const live of gatedOn(tables, org, name)) {
    if (!hasRoom(limit)) break
    const full = takeLimits(tables, live)
    if (full === null) {
      makeDue(live, live.at, now)
      promoted.push(live)
    } else live.gate = full
  }
  return promoted
}

/** Gates a run that may not start yet; it keeps the time before which it may not start in any case. */
export function gate(live: Live, name: string, at: Millis | null): void {
  live.state = 'gated'
  live.gate = name
  live.at = at
}

export function gatedOn(tables: Tables, org: OrgId, name: string): Live[] {
  return [...tables.live.values()].filter((live) => live.row.org === org && live.state === 'gated' && live.gate === name).sort(byRank)
}

export function byRank(a: Live, b: Live): number {
  return a.rank - b.rank || (a.row.run < b.row.run ? -1 : 1)
}

export function oldestFirst(runs: Iterable<RunId>): RunId[] {
  return [...runs].sort()
}
