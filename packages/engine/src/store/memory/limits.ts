import type { OrgId } from '../store.ts'
import { makeReady } from './live-run.ts'
import { key, type Limit, type Live, type Session, type Tables } from './tables.ts'

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

/** Runs that hold a limit keep it when the limit becomes smaller. */
function resize(limit: Limit): void {
  limit.allowed = Math.max(maxOf(limit), limit.holders.size)
}

export function declareLimit(tables: Tables, org: OrgId, name: string, max: number): void {
  const limit = limitOf(tables, org, name)
  limit.declared = max
  resize(limit)
}

export function setLimit(session: Session, org: OrgId, name: string, max: number | null): void {
  const limit = limitOf(session.tables, org, name)
  limit.override = max
  resize(limit)
  promote(session, org, name)
}

/**
 * Takes all limits of a run, which makes it ready, or takes none and gates it on the first full one. A run that held one limit while
 * waiting for another could wait forever.
 */
export function takeLimits(session: Session, live: Live): boolean {
  const { tables, now } = session
  const { org, run } = live.row
  const full = live.limits.find((wish) => !hasRoom(limitOf(tables, org, wish.limit)))
  if (full) {
    live.state = 'gated'
    live.gate = full.limit
    live.at = null
    return false
  }
  for (const wish of live.limits) limitOf(tables, org, wish.limit).holders.add(run)
  live.holds = live.limits.map((wish) => wish.limit)
  makeReady(live, now)
  return true
}

/** Releases a run's limits and admits runs that wait for them. Returns the admitted runs. */
export function releaseLimits(session: Session, live: Live): Live[] {
  const held = live.holds
  live.holds = []
  for (const name of held) {
    const limit = limitOf(session.tables, live.row.org, name)
    limit.holders.delete(live.row.run)
    limit.allowed = Math.max(maxOf(limit), Math.min(limit.allowed, limit.holders.size))
  }
  return held.flatMap((name) => promote(session, live.row.org, name))
}

/** Admits gated runs while the limit has room, by rank and then by id. */
export function promote(session: Session, org: OrgId, name: string): Live[] {
  const { tables, now } = session
  const limit = limitOf(tables, org, name)
  if (!hasRoom(limit)) return []
  const gated = [...tables.live.values()].filter((live) => live.row.org === org && live.state === 'gated' && live.gate === name)
  const promoted: Live[] = []
  for (const live of gated.filter((each) => each.at === null || each.at <= now).sort(byRank)) {
    if (!hasRoom(limit)) break
    if (takeLimits(session, live)) promoted.push(live)
  }
  return promoted
}

export function byRank(a: Live, b: Live): number {
  return a.rank - b.rank || (a.row.run < b.row.run ? -1 : 1)
}
