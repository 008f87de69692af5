/** The times of day that a rule allows: every combination of some hours, minutes and seconds, without listing them. */

export interface TimesOfDay {
  /** The number of times. */
  readonly size: number
  readonly hours: readonly number[]
  readonly minutes: readonly number[]
  readonly seconds: readonly number[]
  /** The time at an index, in seconds since midnight. */
  at(index: number): number
  /** The first time at or after a second of the day, or -1. */
  next(secondOfDay: number): number
}

const upTo = (end: number): readonly number[] => Array.from({ length: end }, (_, value) => value)
export const allHours = upTo(24)
export const allMinutes = upTo(60)
export const allSeconds = upTo(60)

/** The lists are ascending, without duplicates, and not empty. */
export function createTimesOfDay(hours: readonly number[], minutes: readonly number[], seconds: readonly number[]): TimesOfDay {
  const perHour = minutes.length * seconds.length
  const first = (minutes[0] ?? 0) * 60 + (seconds[0] ?? 0)
  return {
    size: hours.length * perHour,
    hours,
    minutes,
    seconds,
    at(index) {
      const hour = hours[Math.floor(index / perHour)] ?? 0
      const minute = minutes[Math.floor((index % perHour) / seconds.length)] ?? 0
      return hour * 3600 + minute * 60 + (seconds[index % seconds.length] ?? 0)
    },
    next(secondOfDay) {
      const hour = Math.floor(secondOfDay / 3600)
      const minute = Math.floor((secondOfDay % 3600) / 60)
      const nextHour = atLeast(hours, hour)
      if (nextHour < 0) return -1
      if (nextHour > hour) return nextHour * 3600 + first
      const inHour = nextInHour(minutes, seconds, minute, secondOfDay % 60)
      if (inHour >= 0) return hour * 3600 + inHour
      const later = atLeast(hours, hour + 1)
      return later < 0 ? -1 : later * 3600 + first
    },
  }
}

function nextInHour(minutes: readonly number[], seconds: readonly number[], minute: number, second: number): number {
  const nextMinute = atLeast(minutes, minute)
  if (nextMinute < 0) return -1
  if (nextMinute > minute) return nextMinute * 60 + (seconds[0] ?? 0)
  const nextSecond = atLeast(seconds, second)
  if (nextSecond >= 0) return minute * 60 + nextSecond
  const later = atLeast(minutes, minute + 1)
  return later < 0 ? -1 : later * 60 + (seconds[0] ?? 0)
}

/** The first value of an ascending list that is at least `value`, or -1. Lists have at most 60 entries. */
function atLeast(list: readonly number[], value: number): number {
  for (const entry of list) if (entry >= value) return entry
  return -1
}
