import type { DayFacts } from '../pattern/day-pattern.ts'
import type { Rule, WeekdayNumber } from './rule.ts'

/** Whether a day matches the rule. The frequency does not matter: expanding a year or limiting days yields the same days. */
export function matchDay(rule: Rule): (day: DayFacts) => boolean {
  const { byDay } = rule
  const isMonth = oneOf(rule.byMonth)
  const isWeek = oneOf(rule.byWeekNumber)
  const isYearDay = oneOf(rule.byYearDay)
  const isMonthDay = oneOf(rule.byMonthDay)
  const isNth = rule.frequency === 'MONTHLY' || rule.byMonth !== undefined ? isNthInMonth : isNthInYear
  return (day) =>
    isMonth(day.month, 12) &&
    isWeek(day.week, day.weeks) &&
    isYearDay(day.yearDay, day.yearLength) &&
    isMonthDay(day.monthDay, day.monthLength) &&
    (byDay === undefined || byDay.some((entry) => entry.weekday === day.weekday && isNth(entry, day)))
}

/** Whether a number, or its value counted from the end (the last is -1), is in a list. Without a list, all numbers are. */
function oneOf(list: readonly number[] | undefined): (value: number, last: number) => boolean {
  if (!list) return () => true
  const set = new Set(list)
  return (value, last) => set.has(value) || set.has(value - last - 1)
}

const isNthInMonth = (entry: WeekdayNumber, day: DayFacts): boolean => isNthOf(entry, day.monthDay, day.monthLength)
const isNthInYear = (entry: WeekdayNumber, day: DayFacts): boolean => isNthOf(entry, day.yearDay, day.yearLength)

function isNthOf({ nth }: WeekdayNumber, day: number, last: number): boolean {
  if (nth === undefined) return true
  return nth > 0 ? Math.ceil(day / 7) === nth : Math.ceil((last - day + 1) / 7) === -nth
}
