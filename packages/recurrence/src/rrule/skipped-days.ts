/** RFC 7529 4.1: a rule with SKIP moves a date that does not exist to the day before or the day after. */
import { dayOf, monthLength, startOfYear, weekdayOf, yearLength } from '../gregorian.ts'
import type { Rule, Skip } from './rule.ts'

/** Whether SKIP has an effect: only day numbers can name a day that does not exist. */
export const movesDates = (rule: Rule): boolean =>
  rule.skip !== 'OMIT' &&
  (rule.frequency === 'YEARLY' || rule.frequency === 'MONTHLY') &&
  (rule.byMonthDay ?? rule.byYearDay) !== undefined &&
  rule.byWeekNumber === undefined

/** The days of one year or month (its index as in `periodsOf`), ascending. The first or last may be just outside that period. */
export function movedDays(rule: Rule, index: number): number[] {
  const days = rule.frequency === 'YEARLY' ? daysOfYear(rule, index) : daysOfMonth(rule, Math.floor(index / 12), (index % 12) + 1)
  const isWeekday = (day: number) => rule.byDay === undefined || rule.byDay.some(({ weekday }) => weekday === weekdayOf(day))
  return [...new Set(days)].filter(isWeekday).sort((a, b) => a - b)
}

function daysOfYear(rule: Rule, year: number): number[] {
  const months = rule.byMonth ?? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
  const ofMonths = rule.byMonthDay && months.flatMap((month) => daysOfMonth(rule, year, month))
  const ofYear = rule.byYearDay && numbered(rule.byYearDay, startOfYear(year), yearLength(year), rule.skip)
  return ofMonths && ofYear ? ofYear.filter((day) => ofMonths.includes(day)) : (ofMonths ?? ofYear ?? [])
}

function daysOfMonth(rule: Rule, year: number, month: number): number[] {
  if (rule.byMonth && !rule.byMonth.includes(month)) return []
  return numbered(rule.byMonthDay ?? [], dayOf(year, month, 1), monthLength(year, month), rule.skip)
}

function numbered(numbers: readonly number[], start: number, length: number, skip: Skip): number[] {
  return numbers.map((number) => {
    const offset = number > 0 ? number - 1 : length + number
    if (offset >= length) return skip === 'FORWARD' ? start + length : start + length - 1
    if (offset < 0) return skip === 'FORWARD' ? start : start - 1
    return start + offset
  })
}
