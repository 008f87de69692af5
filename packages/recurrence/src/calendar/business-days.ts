import { monthIndexOf } from '../rrule/periods.ts'
import type { CompiledCalendar } from './compile-calendar.ts'

/**
 * What to do with an occurrence on a day without business. `modified-following`: the next business day, or the previous one if the next is
 * in another month.
 */
export type Roll = 'skip' | 'next' | 'previous' | 'modified-following'

/** A calendar that is closed for this long counts as one that never opens. */
const CLOSED_DAYS_MAX = 1_000

export const isBusinessDay = (calendar: CompiledCalendar, day: number): boolean => calendar.planOf(day).open.length > 0

/** The first business day from `day` on, forwards or backwards; undefined if none is within CLOSED_DAYS_MAX. */
export function findBusinessDay(calendar: CompiledCalendar, day: number, step: 1 | -1): number | undefined {
  for (let count = 0, at = day; count < CLOSED_DAYS_MAX; count++, at += step) if (isBusinessDay(calendar, at)) return at
  return undefined
}

/** The business day that a day is rolled to; undefined if the occurrence is dropped. */
export function rollDay(calendar: CompiledCalendar, day: number, roll: Roll): number | undefined {
  if (isBusinessDay(calendar, day)) return day
  switch (roll) {
    case 'skip':
      return undefined
    case 'next':
      return findBusinessDay(calendar, day, 1)
    case 'previous':
      return findBusinessDay(calendar, day, -1)
    case 'modified-following': {
      const next = findBusinessDay(calendar, day, 1)
      if (next !== undefined && monthIndexOf(next) === monthIndexOf(day)) return next
      return findBusinessDay(calendar, day, -1)
    }
  }
}

/** The days that are rolled to a business day, including that day itself. They are adjacent. */
export function daysRolledTo(calendar: CompiledCalendar, businessDay: number, roll: Roll): number[] {
  const days = [businessDay]
  for (const step of [-1, 1]) {
    for (let day = businessDay + step; Math.abs(day - businessDay) < CLOSED_DAYS_MAX; day += step) {
      if (isBusinessDay(calendar, day) || rollDay(calendar, day, roll) !== businessDay) break
      days.push(day)
    }
  }
  return days
}
