/**
 * Occurrences rolled to business days. If the clocks change on such a day, the order of the occurrences differs from the order of their new
 * instants. An example: New York sets its clocks back on Sunday, 1 November 2026, from 02:00 EDT to 01:00 EST. Saturday is closed, the roll
 * is
 * `next`, the overlap policy `both`, and the schedule occurs on Saturday at three times. Each keeps its time of day on Sunday:
 *
 *     01:15   becomes   01:15 EDT = 05:15Z   and   01:15 EST = 06:15Z
 *     01:45   becomes   01:45 EDT = 05:45Z   and   01:45 EST = 06:45Z
 *     03:15   becomes                              03:15 EST = 08:15Z
 *
 * `next(05:15Z)` reads the occurrences of Saturday in turn:
 *
 *     01:15   its first instant after 05:15Z is 06:15Z, the earliest so far
 *     01:45   `soonest` is 04:45Z, so it could be earlier: it is, at 05:45Z
 *     03:15   `soonest` is 06:15Z, so neither this one nor a later one can be earlier: the answer is 05:45Z
 */
import { daysRolledTo, findBusinessDay, isBusinessDay, type Roll, rollDay } from '../calendar/business-days.ts'
import type { CompiledCalendar } from '../calendar/compile-calendar.ts'
import { type Exclusion, exclude } from '../exclusion/exclude.ts'
import { SECONDS_PER_DAY } from '../gregorian.ts'
import type { Halt, Instants } from '../instants.ts'
import { type DstPolicy, instantOf, localOf, resolveLocal, segmentsAround } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'

/** How many business days may pass without an occurrence that is rolled to one of them. */
const STEPS_MAX = 10_000

export interface RollContext {
  readonly calendar: CompiledCalendar
  readonly roll: Roll
  readonly zone: Zone
  readonly policy: DstPolicy
  /** The local times that an occurrence was scheduled for, if it comes from local times in the zone. */
  readonly localTimesOf: (second: number) => readonly number[]
}

/** Occurrences moved to business days at the same time of day. Days are those of the schedule's zone. */
export function rollInstants(instants: Instants, context: RollContext): Instants {
  const { calendar, roll, zone } = context
  if (roll === 'skip') return exclude(instants, [closedDays(calendar, zone)])
  const { move, soonest, backwards } = moveBetweenDays(context)
  const startOf = (day: number) => instantOf(zone, day * SECONDS_PER_DAY) * 1000
  return {
    next(afterMs) {
      let after = afterMs
      let day = findBusinessDay(calendar, dayAt(zone, after), 1)
      for (let step = 0; step < STEPS_MAX && day !== undefined; step++) {
        const found = earliestOn(day, after)
        if (found !== 'ended') return found
        const later = nextTarget(day)
        if (typeof later === 'string') return later
        day = later
        after = Math.max(after, startOf(day) - 1)
      }
      return 'limit'
    },
  }

  /**
   * The first instant after `after` of an occurrence that is on a business day or rolled to it. Reads occurrences until no later one can be
   * earlier (see the example above).
   */
  function earliestOn(businessDay: number, after: number): number | Halt {
    let earliest: number | Halt = 'ended'
    for (const day of daysRolledTo(calendar, businessDay, roll)) {
      const shift = (businessDay - day) * SECONDS_PER_DAY
      for (let from = startOf(day) - 1; ; ) {
        const next = instants.next(from)
        if (next === 'limit') return 'limit'
        if (next === 'ended' || dayAt(zone, next) !== day) break
        if (earliest !== 'ended' && soonest(next, shift) >= earliest) break
        const moved = move(next, shift).find((instant) => instant > after)
        if (moved !== undefined && (earliest === 'ended' || moved < earliest)) earliest = moved
        // Occurrences of that day that are due before `after` are past; continue behind them.
        from = moved === undefined ? Math.max(next, backwards(after, shift) - 1) : next
      }
    }
    return earliest
  }

  /** The business day of the next occurrence that is not rolled to this one. */
  function nextTarget(businessDay: number): number | Halt {
    let last = Math.max(...daysRolledTo(calendar, businessDay, roll))
    for (let step = 0; step < STEPS_MAX; step++) {
      const next = instants.next(startOf(last + 1) - 1)
      if (typeof next !== 'number') return next
      const target = rollDay(calendar, dayAt(zone, next), roll)
      if (target !== undefined && target > businessDay) return target
      last = Math.max(last + 1, dayAt(zone, next))
    }
    return 'limit'
  }
}

/** Moves occurrences by `shift` seconds, a multiple of whole days. */
function moveBetweenDays({ zone, policy, localTimesOf }: RollContext) {
  return { move, soonest, backwards }

  /** The instants of the same time of day, `shift` seconds of whole days later. */
  function move(instantMs: number, shift: number): number[] {
    if (shift === 0) return [instantMs]
    const second = Math.floor(instantMs / 1000)
    const moved = localTimesOf(second).flatMap((local) => resolveLocal(zone, local + shift, policy))
    return moved.map((one) => one * 1000 + (instantMs - second * 1000)).sort((a, b) => a - b)
  }

  /** A lower bound for the moved instants of this and all later occurrences: from the smallest offset to the largest. */
  function soonest(instantMs: number, shift: number): number {
    if (shift === 0) return instantMs
    const second = Math.floor(instantMs / 1000)
    const local = second + Math.min(...offsetsAround(second)) + shift
    return (local - Math.max(...offsetsAround(local))) * 1000
  }

  /** An instant such that everything before it is moved to before `instantMs`, computed with the smallest offset. */
  function backwards(instantMs: number, shift: number): number {
    const second = Math.floor(instantMs / 1000)
    return instantOf(zone, second + Math.min(...offsetsAround(second)) - shift) * 1000
  }

  /** The offsets that apply near a second. */
  function offsetsAround(second: number): number[] {
    return segmentsAround(zone, second).map(({ offset }) => offset)
  }
}

function closedDays(calendar: CompiledCalendar, zone: Zone): Exclusion {
  return {
    excludedUntil(instantMs) {
      const day = dayAt(zone, instantMs)
      if (isBusinessDay(calendar, day)) return undefined
      const open = findBusinessDay(calendar, day, 1)
      return open === undefined ? Number.MAX_SAFE_INTEGER : instantOf(zone, open * SECONDS_PER_DAY) * 1000 - 1
    },
  }
}

const dayAt = (zone: Zone, ms: number): number => Math.floor(localOf(zone, Math.floor(ms / 1000)) / SECONDS_PER_DAY)
