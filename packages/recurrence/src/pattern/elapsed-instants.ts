import type { Halt, Instants } from '../instants.ts'
import { type Elapsed, type NextElapsed, walkElapsed } from './walk-elapsed.ts'

/** How many periods may be searched in a row without a chosen instant. */
const PERIODS_MAX = 10_000

/** Instants of a rule by elapsed time. With positions (BYSETPOS), only the instants of each period that they choose. */
export function elapsedInstants(rule: Elapsed, positions: readonly number[] | undefined): Instants {
  const walk = positions === undefined ? walkElapsed(rule) : walkChosen(rule, positions)
  let noneFrom = Number.POSITIVE_INFINITY
  return {
    next(afterMs) {
      const after = Math.floor(afterMs / 1000)
      if (after >= noneFrom) return 'ended'
      const next = walk(after)
      if (next === 'ended') noneFrom = after
      return typeof next === 'number' ? next * 1000 : next
    },
  }
}

function walkChosen(rule: Elapsed, positions: readonly number[]): NextElapsed {
  const { anchor, period, window, times } = rule
  // A window is a second, a minute or an hour, and cannot hold more instants than it has allowed times.
  const perMinute = times?.seconds.length ?? 60
  const most = window === 1 ? 1 : window === 60 ? perMinute : perMinute * (times?.minutes.length ?? 60)
  if (positions.every((position) => Math.abs(position) > most)) return () => 'ended'
  // Positions count from the start of the first period; DTSTART may be in the middle of it.
  const walk = walkElapsed({ ...rule, start: anchor })
  return (asked) => {
    const after = Math.max(asked, rule.start - 1)
    let from = anchor + Math.floor((after + 1 - anchor) / period) * period
    for (let step = 0; step < PERIODS_MAX; step++) {
      const found = walk(from - 1)
      if (typeof found !== 'number') return found
      const start = anchor + Math.floor((found - anchor) / period) * period
      const instants = instantsUntil(walk, found, start + window)
      const chosen = positions.flatMap((position) => instants.at(position > 0 ? position - 1 : position) ?? [])
      const later = chosen.filter((instant) => instant > after)
      if (later.length > 0) return Math.min(...later)
      from = start + period
    }
    return 'limit'
  }
}

function instantsUntil(walk: NextElapsed, first: number, end: number): number[] {
  const instants: number[] = []
  for (let at: number | Halt = first; typeof at === 'number' && at < end; at = walk(at)) instants.push(at)
  return instants
}
