/** Local times of rules that name days: seconds since 1970 in local time, independent of a time zone. */
import { SECONDS_PER_DAY, YEAR_MAX, yearOf } from '../gregorian.ts'
import type { TimesOfDay } from './times-of-day.ts'

export interface LocalTimes {
  /** The first local time at or after `local`; undefined if nothing follows. */
  next(local: number): number | undefined
}

/** Every allowed time of every day that `nextDay` returns (the first allowed day on or after its argument). */
export function timesOnDays(nextDay: (day: number) => number | undefined, times: TimesOfDay, startLocal: number): LocalTimes {
  return rememberEnd((from) => {
    const local = Math.max(from, startLocal)
    const today = Math.floor(local / SECONDS_PER_DAY)
    const day = nextDay(today)
    if (day === undefined) return undefined
    if (day > today) return day * SECONDS_PER_DAY + times.at(0)
    const time = times.next(local - today * SECONDS_PER_DAY)
    if (time >= 0) return today * SECONDS_PER_DAY + time
    const later = nextDay(today + 1)
    return later === undefined ? undefined : later * SECONDS_PER_DAY + times.at(0)
  })
}

export interface Choice {
  /** Ascending days of the period of an index. */
  daysOf(index: number): readonly number[]
  readonly times: TimesOfDay
  /** Which occurrences of a period count: from 1, or from the end if negative. Undefined: all. */
  readonly positions: readonly number[] | undefined
  /** The period of a day. */
  indexOf(day: number): number
  /** The first period at or after the index that may have days; undefined if nothing follows. */
  nextPeriod(index: number): number | undefined
  /** The index of the first period that counts; the others follow at multiples of the interval. */
  readonly firstIndex: number
  readonly interval: number
  /** After this many periods the calendar repeats: a time that does not occur by then never will. */
  readonly stepsMax: number
  readonly startLocal: number
}

/** Local times of rules that choose among the occurrences of a period (BYSETPOS), or whose days may leave their period (SKIP). */
export function chosenTimes(choice: Choice): LocalTimes {
  const { interval, startLocal, firstIndex } = choice
  const align = (index: number) => firstIndex + Math.max(0, Math.ceil((index - firstIndex) / interval)) * interval
  return rememberEnd((from) => {
    const local = Math.max(from, startLocal)
    // Starts one period earlier, because a moved day may be in the next period.
    let index = align(choice.indexOf(Math.floor(local / SECONDS_PER_DAY)) - 1)
    for (let step = 0; step <= choice.stepsMax + 1; step++) {
      const next = choice.nextPeriod(index)
      if (next === undefined) return undefined
      index = align(next)
      const days = choice.daysOf(index)
      const [firstDay] = days
      if (firstDay !== undefined && yearOf(firstDay) > YEAR_MAX) return undefined
      const found = choose(days, choice.times, choice.positions, local)
      if (found !== undefined) return found
      index += interval
    }
    return undefined
  })
}

/** Finds the chosen times of one period by their number, without listing them: each day has the same times. */
function choose(days: readonly number[], times: TimesOfDay, positions: Choice['positions'], local: number): number | undefined {
  const size = days.length * times.size
  const timeAt = (index: number) => (days[Math.floor(index / times.size)] ?? 0) * SECONDS_PER_DAY + times.at(index % times.size)
  if (positions === undefined) {
    const today = Math.floor(local / SECONDS_PER_DAY)
    const time = times.next(local - today * SECONDS_PER_DAY)
    if (time >= 0 && days.includes(today)) return today * SECONDS_PER_DAY + time
    const later = days.find((day) => day > today)
    return later === undefined ? undefined : later * SECONDS_PER_DAY + times.at(0)
  }
  let earliest: number | undefined
  for (const position of positions) {
    const index = position > 0 ? position - 1 : size + position
    if (index < 0 || index >= size) continue
    const time = timeAt(index)
    if (time >= local && (earliest === undefined || time < earliest)) earliest = time
  }
  return earliest
}

/** A search for a time that never comes is the most expensive one, so its result is cached. */
function rememberEnd(find: (local: number) => number | undefined): LocalTimes {
  let noneFrom = Number.POSITIVE_INFINITY
  return {
    next(local) {
      if (local >= noneFrom) return undefined
      const found = find(local)
      if (found === undefined) noneFrom = local
      return found
    },
  }
}
