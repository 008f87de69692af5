/**
 * Rules that run by elapsed time: every 90 minutes, every hour. Their instants are evenly spaced, whatever the clocks do. Months, days,
 * hours, minutes and seconds only filter them, by the local time at each instant.
 */
import { SECONDS_PER_DAY, YEAR_MAX, yearOf } from '../gregorian.ts'
import type { Halt } from '../instants.ts'
import { CHANGE_MARGIN_SECONDS } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import { candidatesByOffset, type Spacing } from './candidate-seconds.ts'
import type { DayPattern } from './day-pattern.ts'
import type { TimesOfDay } from './times-of-day.ts'

export interface Elapsed extends Spacing {
  readonly zone: Zone
  /** Undefined: every day is allowed. */
  readonly days: DayPattern | undefined
  /** Undefined: every time is allowed. */
  readonly times: TimesOfDay | undefined
  /** The rule has no instant before this second. */
  readonly start: number
}

/** The first second after the given one. */
export type NextElapsed = (after: number) => number | Halt

/** Each step moves to the next second that one of the conditions allows; few searches take more than three steps. */
const STEPS_MAX = 60_000
/** How many periods of constant offset, one after another, may have no allowed time that the rule can reach: at least 20 years. */
const UNREACHABLE_MAX = 60

export function walkElapsed(rule: Elapsed): NextElapsed {
  const candidatesAt = candidatesByOffset(rule, rule.times)
  return (after) => {
    let second = Math.max(after + 1, rule.start)
    let unreachable = 0
    for (let step = 0; step < STEPS_MAX; step++) {
      const { offset, to } = rule.zone.segmentAt(second)
      const candidates = candidatesAt(offset)
      unreachable = candidates === undefined ? unreachable + 1 : 0
      if (unreachable > UNREACHABLE_MAX) return 'ended'
      const candidate = candidates?.(second) ?? to
      if (candidate >= to) {
        second = to
      } else {
        const local = candidate + offset
        const target = nextLocal(rule, local)
        if (target === undefined) return 'ended'
        if (target === local) return candidate
        second = approach(candidate, target - local, target, to)
      }
      if (yearOf(Math.floor(second / SECONDS_PER_DAY)) > YEAR_MAX) return 'ended'
    }
    return 'limit'
  }
}

/** The first local time on or after `local` that is on an allowed day and at an allowed time. */
function nextLocal({ days, times }: Elapsed, local: number): number | undefined {
  const today = Math.floor(local / SECONDS_PER_DAY)
  const day = days === undefined ? today : days.next(today)
  if (day === undefined) return undefined
  if (day > today) return day * SECONDS_PER_DAY + (times?.at(0) ?? 0)
  if (times === undefined) return local
  const time = times.next(local - today * SECONDS_PER_DAY)
  return time >= 0 ? today * SECONDS_PER_DAY + time : (today + 1) * SECONDS_PER_DAY
}

/** A second on the way to the one at which local time is `target`, as close to it as the clock changes in between allow. */
function approach(second: number, wait: number, target: number, changeAt: number): number {
  if (second + wait < changeAt) return second + wait
  return Math.max(changeAt, target - CHANGE_MARGIN_SECONDS)
}
