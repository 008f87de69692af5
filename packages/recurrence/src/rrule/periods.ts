import { dateOf, dayOf, greatestDivisor, startOfWeekYear, startOfYear, weekYearOf, yearOf } from '../gregorian.ts'
import type { Rule } from './rule.ts'

/** The years, months, weeks or days that INTERVAL counts and from which BYSETPOS chooses. */
export interface Periods {
  indexOf(day: number): number
  /** The first day of a period; it ends where the next one starts. */
  startOf(index: number): number
  /** After this many periods, whatever the interval, the calendar repeats: a day that does not occur by then never will. */
  readonly cycle: number
}

export function periodsOf({ frequency, byWeekNumber, weekStart }: Rule): Periods {
  switch (frequency) {
    case 'YEARLY':
      if (byWeekNumber === undefined) return { indexOf: yearOf, startOf: startOfYear, cycle: 400 }
      // Week 1 may start in December and still belongs to the year it is named after.
      return { indexOf: (day) => weekYearOf(day, weekStart), startOf: (year) => startOfWeekYear(year, weekStart), cycle: 400 }
    case 'MONTHLY':
      return { indexOf: monthIndexOf, startOf: (index) => dayOf(0, index + 1, 1), cycle: 4800 }
    case 'WEEKLY':
      // Day 0 was a Thursday.
      return { indexOf: (day) => Math.floor((day + 3 - weekStart) / 7), startOf: (index) => index * 7 - 3 + weekStart, cycle: 20_871 }
    default:
      return { indexOf: (day) => day, startOf: (day) => day, cycle: 146_097 }
  }
}

export function monthIndexOf(day: number): number {
  const { year, month } = dateOf(day)
  return year * 12 + month - 1
}

/** An upper bound for the days of a rule in one period: a larger BYSETPOS is impossible. */
export function daysAtMost(rule: Rule): number {
  const months = rule.frequency === 'YEARLY' ? (rule.byMonth?.length ?? 12) : 1
  const whole = { YEARLY: 371, MONTHLY: 31, WEEKLY: 7 }[rule.frequency as string] ?? 1
  const weeks = rule.frequency === 'YEARLY' && !rule.byMonth ? 53 : rule.frequency === 'WEEKLY' ? 1 : 5 * months
  const numbered = rule.byMonth ? months : 1
  const ofWeekdays = rule.byDay?.reduce((sum, { nth }) => sum + (nth === undefined ? weeks : numbered), 0) ?? whole
  const ofMonthDays = rule.byMonthDay ? rule.byMonthDay.length * months : whole
  return Math.min(whole, ofWeekdays, ofMonthDays, rule.byYearDay?.length ?? whole)
}

/** How many steps of an interval it takes until the calendar repeats. */
export const stepsAtMost = (cycle: number, interval: number): number => cycle / greatestDivisor(cycle, interval)
