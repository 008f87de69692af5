/**
 * Rules that run by elapsed time: every 90 minutes, every hour. Their instants are evenly spaced whatever the clocks do; months, days,
 * hours, minutes and seconds only choose among them, by what the clock on the wall shows then.
 */
import { SECONDS_PER_DAY, YEAR_MAX, yearOf } from '../gregorian.ts'
import type { Halt } from '../instants.ts'
import { CALM_SECONDS } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import type { DayPattern } from './day-pattern.ts'
import { type Spacing, stopsByOffset } from './stops.ts'
import type { TimesOfDay } from './times-of-day.ts'

export interface Elapsed extends Spacing {
  readonly zone: Zone
  /** Undefined allows every day. */
  readonly days: DayPattern | undefined
  /** Undefined allows every time. */
  readonly times: TimesOfDay | undefined
  /** Nothing is before this second. */
  readonly start: number
}

/** The first second after the given one. */
export type NextElapsed = (after: number) => number | Halt

/** Each step goes to the next second that one of the conditions allows; few questions take more than three. */
const STEPS_MAX = 60_000
/** Stretches of one offset that may pass while no allowed time can be met under it: at least 20 years. */
const UNREACHABLE_MAX = 60

export function walkElapsed(rule: Elapsed): NextElapsed {
  const stopsAt = stopsByOffset(rule, rule.times)
  return (after) => {
    let second = Math.max(after + 1, rule.start)
    let unreachable = 0
    for (let step = 0; step < STEPS_MAX; step++) {
      const { offset, to } = rule.zone.segmentAt(second)
      const stops = stopsAt(offset)
      if (stops === undefined && ++unreachable > UNREACHABLE_MAX) return 'ended'
      const stop = stops?.(second) ?? to
      if (stop >= to) {
        second = to
      } else {
        const local = stop + offset
        const target = nextLocal(rule, local)
        if (target === undefined) return 'ended'
        if (target === local) return stop
        second = approach(stop, target - local, target, to)
      }
      if (yearOf(Math.floor(second / SECONDS_PER_DAY)) > YEAR_MAX) return 'ended'
    }
    return 'limit'
  }
}

/** The first local time, not before `local`, on an allowed day at an allowed time. */
function nextLocal({ days, times }: Elapsed, local: number): number | undefined {
  const today = Math.floor(local / SECONDS_PER_DAY)
  const day = days === undefined ? today : days.next(today)
  if (day === undefined) return undefined
  if (day > today) return day * SECONDS_PER_DAY + (times?.at(0) ?? 0)
  if (times === undefined) return local
  const time = times.next(local - today * SECONDS_PER_DAY)
  return time >= 0 ? today * SECONDS_PER_DAY + time : (today + 1) * SECONDS_PER_DAY
}

/** A second between now and the one that will show `target`, as near to it as the changes of the clocks on the way allow to say. */
function approach(second: number, wait: number, target: number, changeAt: number): number {
  if (second + wait < changeAt) return second + wait
  return Math.max(changeAt, target - CALM_SECONDS)
}
