import { daysRolledTo, findBusinessDay, isBusinessDay, type Roll, rollDay } from '../calendar/business-days.ts'
import type { CompiledCalendar } from '../calendar/compile-calendar.ts'
import { type Exclusion, exclude } from '../exclusion/exclude.ts'
import { secondsPerDay } from '../gregorian.ts'
import type { Halt, Instants } from '../instants.ts'
import { type DstPolicy, instantOf, localOf, resolveLocal } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'

/** Business days that may pass without an occurrence being rolled to any of them. */
const stepsMax = 10_000

/** Occurrences moved to business days, at the same time of day. Days are those of the schedule's zone. */
export function rollInstants(instants: Instants, calendar: CompiledCalendar, roll: Roll, zone: Zone, policy: DstPolicy): Instants {
  if (roll === 'skip') return exclude(instants, [closedDays(calendar, zone)])
  return {
    next(afterMs) {
      let after = afterMs
      let day = findBusinessDay(calendar, dayAt(zone, after), 1)
      for (let step = 0; step < stepsMax && day !== undefined; step++) {
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

  /** The first occurrence after `after` that is on a business day, or rolled to it. */
  function earliestOn(businessDay: number, after: number): number | Halt {
    let earliest: number | Halt = 'ended'
    for (const day of daysRolledTo(calendar, businessDay, roll)) {
      const shift = (businessDay - day) * secondsPerDay
      for (let from = startOf(day) - 1; ; ) {
        const next = instants.next(from)
        if (next === 'limit') return 'limit'
        if (next === 'ended' || dayAt(zone, next) !== day) break
        const moved = move(next, shift).find((instant) => instant > after)
        if (moved !== undefined) {
          if (earliest === 'ended' || moved < earliest) earliest = moved
          break
        }
        // What is due that day by the time of `after` is past; go on behind it.
        from = Math.max(next, Math.min(...backwards(after, shift)) - 1)
      }
    }
    return earliest
  }

  /** The business day of the next occurrence that does not belong to this one. */
  function nextTarget(businessDay: number): number | Halt {
    let last = Math.max(...daysRolledTo(calendar, businessDay, roll))
    for (let step = 0; step < stepsMax; step++) {
      const next = instants.next(startOf(last + 1) - 1)
      if (typeof next !== 'number') return next
      const target = rollDay(calendar, dayAt(zone, next), roll)
      if (target !== undefined && target > businessDay) return target
      last = Math.max(last + 1, dayAt(zone, next))
    }
    return 'limit'
  }

  function startOf(day: number): number {
    return instantOf(zone, day * secondsPerDay) * 1000
  }

  /** The instants of the same time of day so many seconds of days later. */
  function move(instantMs: number, shift: number): number[] {
    if (shift === 0) return [instantMs]
    const second = Math.floor(instantMs / 1000)
    return resolveLocal(zone, localOf(zone, second) + shift, policy).map((moved) => moved * 1000 + (instantMs - second * 1000))
  }

  function backwards(instantMs: number, shift: number): number[] {
    const local = localOf(zone, Math.floor(instantMs / 1000)) - shift
    return resolveLocal(zone, local, { gap: 'first-valid', overlap: 'first' }).map((second) => second * 1000)
  }
}

function closedDays(calendar: CompiledCalendar, zone: Zone): Exclusion {
  return {
    excludedUntil(instantMs) {
      const day = dayAt(zone, instantMs)
      if (isBusinessDay(calendar, day)) return undefined
      const open = findBusinessDay(calendar, day, 1)
      return open === undefined ? Number.MAX_SAFE_INTEGER : instantOf(zone, open * secondsPerDay) * 1000 - 1
    },
  }
}

const dayAt = (zone: Zone, ms: number): number => Math.floor(localOf(zone, Math.floor(ms / 1000)) / secondsPerDay)
