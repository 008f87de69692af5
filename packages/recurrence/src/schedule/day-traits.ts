import { parseCron } from '../cron/parse-cron.ts'
import { monthLength } from '../gregorian.ts'
import { fillRule } from '../rrule/fill-rule.ts'
import { parseRrule } from '../rrule/parse-rrule.ts'
import type { Rule } from '../rrule/rule.ts'
import { stampOf } from '../rrule/stamp-of.ts'
import type { Include } from './schedule.ts'

/**
 * The effect of leap years: it occurs `only` in them, on 29 February too (`also`), or its day of the year is another date in them
 * (`moves`).
 */
export type LeapDay = 'none' | 'only' | 'also' | 'moves'

export interface DayTraits {
  readonly leapDay: LeapDay
  /** The include names a day that some of its months do not have. */
  readonly skipsShortMonths: boolean
}

/** The days of the month that a rule names (counted from the start, and not simply all of them), and its months. */
interface NamedDays {
  readonly monthDays: readonly number[]
  readonly months: readonly number[]
  /** True if these days are all that makes it occur. */
  readonly isAlone: boolean
}

const allMonths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
const plain: DayTraits = { leapDay: 'none', skipsShortMonths: false }
const A_LEAP_YEAR = 2024

export function dayTraits(include: Include, scheduleStart: string | undefined): DayTraits[] {
  switch (include.kind) {
    case 'rrule': {
      const set = parseRrule(include.rrule)
      if (!set.ok) return []
      const start = set.value.start ?? stampOf(include.start ?? scheduleStart, undefined)
      return set.value.rules.map((rule) => traitsOfRule(start ? fillRule(rule, start) : rule))
    }
    case 'cron': {
      const cron = parseCron(include.cron)
      if (!cron.ok) return []
      const days = cron.value.monthDays.flatMap((day) => (day.kind === 'day' ? [day.day] : []))
      const isAlone = !cron.value.either && days.length === cron.value.monthDays.length
      return [traitsOfDays({ monthDays: [...new Set(days)], months: cron.value.months, isAlone })]
    }
    default:
      return []
  }
}

function traitsOfRule(rule: Rule): DayTraits {
  // Such a rule handles missing days itself.
  if (rule.skip !== 'OMIT' || rule.bySetPosition) return plain
  if (rule.byYearDay) {
    if (rule.byYearDay.every((day) => Math.abs(day) === 366)) return { leapDay: 'only', skipsShortMonths: false }
    return { leapDay: rule.byYearDay.some((day) => day > 59 || day < -306) ? 'moves' : 'none', skipsShortMonths: false }
  }
  const monthDays = rule.byMonthDay ?? []
  return traitsOfDays({
    monthDays: monthDays.filter((day) => day > 0),
    months: rule.byMonth ?? allMonths,
    isAlone: monthDays.every((day) => day > 0),
  })
}

function traitsOfDays({ monthDays, months, isAlone }: NamedDays): DayTraits {
  if (monthDays.length === 0 || monthDays.length === 31) return plain
  const namesLeapDay = monthDays.includes(29) && months.includes(2)
  const isOnly = isAlone && months.every((month) => month === 2) && monthDays.every((day) => day >= 29)
  return {
    leapDay: namesLeapDay ? (isOnly ? 'only' : 'also') : 'none',
    skipsShortMonths: months.some((month) => monthDays.some((day) => day > monthLength(A_LEAP_YEAR, month))),
  }
}
