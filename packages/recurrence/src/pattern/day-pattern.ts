/**
 * The days that a rule allows. The properties of a day that a rule can test (month, weekday, number from the end of the year …) are the
 * same in every year of equal length that starts on the same weekday. So the days are computed once for each kind of year, and finding the
 * next day is one table look-up, however old the rule and however distant the day.
 */
import {
  daysBeforeMonth,
  isLeapYear,
  monthLength,
  startOfWeekYear,
  startOfYear,
  weekdayOf,
  YEAR_MAX,
  yearLength,
  yearOf,
} from '../gregorian.ts'

/** The properties of a day that a rule can test. */
export interface DayFacts {
  readonly month: number
  readonly monthDay: number
  readonly monthLength: number
  /** 1 to 366. */
  readonly yearDay: number
  readonly yearLength: number
  /** Monday is 0. */
  readonly weekday: number
  /** The weekday of the first of the month. */
  readonly firstWeekday: number
  /** The week of the day, 1 to 53, and the number of weeks in the year of that week; weeks start on the pattern's week start. */
  readonly week: number
  readonly weeks: number
}

export interface DayPattern {
  has(day: number): boolean
  /** The first day of the pattern on or after `day`; undefined if no day follows before the year 10000. */
  next(day: number): number | undefined
}

/** The Gregorian calendar, including weekdays, repeats after 400 years: a day that does not occur by then never will. */
const CYCLE_YEARS = 400

export function createDayPattern(matches: (day: DayFacts) => boolean, weekStart = 0): DayPattern {
  const tables: (Int16Array | undefined)[] = []
  const tableOf = (year: number): Int16Array => {
    const kind = kindOfYear(year)
    let table = tables[kind]
    if (!table) {
      table = fillTable(year, matches, weekStart)
      tables[kind] = table
    }
    return table
  }
  return {
    has(day) {
      const year = yearOf(day)
      const offset = day - startOfYear(year)
      return tableOf(year)[offset] === offset
    },
    next(day) {
      const year = yearOf(day)
      if (year > YEAR_MAX) return undefined
      const rest = tableOf(year)[day - startOfYear(year)] ?? -1
      if (rest >= 0) return startOfYear(year) + rest
      const last = Math.min(YEAR_MAX, year + CYCLE_YEARS)
      for (let later = year + 1; later <= last; later++) {
        const first = tableOf(later)[0] ?? -1
        if (first >= 0) return startOfYear(later) + first
      }
      return undefined
    },
  }
}

/**
 * One of 21 kinds: the weekday of New Year, and whether this or the previous year is a leap year (which determines the week of the first
 * days).
 */
function kindOfYear(year: number): number {
  const leap = isLeapYear(year) ? 1 : isLeapYear(year - 1) ? 2 : 0
  return weekdayOf(startOfYear(year)) * 3 + leap
}

/** For every day of a year, the next matching day of that year, in days since New Year; -1 if no day follows. */
function fillTable(year: number, matches: (day: DayFacts) => boolean, weekStart: number): Int16Array {
  const table = new Int16Array(yearLength(year)).fill(-1)
  let next = -1
  const facts = factsOfKind(year, weekStart)
  for (let offset = table.length - 1; offset >= 0; offset--) {
    const day = facts[offset]
    if (day !== undefined && matches(day)) next = offset
    table[offset] = next
  }
  return table
}

/** Years of one kind have the same days, so their facts are cached: at most 21 years for each of seven week starts, 100 kB per year. */
const factsByKind = new Map<number, readonly DayFacts[]>()

function factsOfKind(year: number, weekStart: number): readonly DayFacts[] {
  const key = kindOfYear(year) * 7 + weekStart
  let facts = factsByKind.get(key)
  if (!facts) {
    facts = factsOfYear(year, weekStart)
    factsByKind.set(key, facts)
  }
  return facts
}

function factsOfYear(year: number, weekStart: number): DayFacts[] {
  const newYear = startOfYear(year)
  const isLeap = isLeapYear(year)
  const facts: DayFacts[] = []
  for (let month = 1; month <= 12; month++) {
    const length = monthLength(year, month)
    const before = daysBeforeMonth(month, isLeap)
    const firstWeekday = weekdayOf(newYear + before)
    for (let monthDay = 1; monthDay <= length; monthDay++) {
      const day = newYear + before + monthDay - 1
      facts.push({
        month,
        monthDay,
        monthLength: length,
        yearDay: before + monthDay,
        yearLength: isLeap ? 366 : 365,
        weekday: weekdayOf(day),
        firstWeekday,
        ...weekOf(day, year, weekStart),
      })
    }
  }
  return facts
}

function weekOf(day: number, year: number, weekStart: number): { week: number; weeks: number } {
  let weekYear = year
  if (day < startOfWeekYear(year, weekStart)) weekYear = year - 1
  else if (day >= startOfWeekYear(year + 1, weekStart)) weekYear = year + 1
  const start = startOfWeekYear(weekYear, weekStart)
  return { week: Math.floor((day - start) / 7) + 1, weeks: (startOfWeekYear(weekYear + 1, weekStart) - start) / 7 }
}
