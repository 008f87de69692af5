/** The proleptic Gregorian calendar in whole numbers: days are counted from 1970-01-01, weekdays from Monday = 0. */

/** The years that schedules may contain: before them few zones are known, and RFC 5545 cannot write later ones. */
export const YEAR_MIN = 1900
export const YEAR_MAX = 9999

export interface CivilDate {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  /** 1 to 31. */
  readonly day: number
}

export const SECONDS_PER_DAY = 86_400

const daysBefore = [0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365]

export const isLeapYear = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

export const yearLength = (year: number): number => (isLeapYear(year) ? 366 : 365)

export function monthLength(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** The day number of 1 January. */
export function startOfYear(year: number): number {
  const past = year - 1
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - 719_162
}

/** Days of the year before the first of the month; for month 13, the length of the year. */
export const daysBeforeMonth = (month: number, isLeap: boolean): number => (daysBefore[month] ?? 0) + (isLeap && month > 2 ? 1 : 0)

/** The month may be any whole number: 13 is January of the next year. */
export function dayOf(year: number, month: number, day: number): number {
  const months = year * 12 + month - 1
  const realYear = Math.floor(months / 12)
  return startOfYear(realYear) + daysBeforeMonth(months - realYear * 12 + 1, isLeapYear(realYear)) + day - 1
}

export function yearOf(day: number): number {
  const guess = Math.floor((day + 719_162) / 365.2425) + 1
  if (day < startOfYear(guess)) return guess - 1
  return day >= startOfYear(guess + 1) ? guess + 1 : guess
}

export function dateOf(dayNumber: number): CivilDate {
  const year = yearOf(dayNumber)
  const isLeap = isLeapYear(year)
  const dayOfYear = dayNumber - startOfYear(year)
  // A month has at least 28 days, so the guess is at most one month too high.
  let month = Math.min(12, Math.floor(dayOfYear / 29) + 1)
  if (dayOfYear < daysBeforeMonth(month, isLeap)) month -= 1
  return { year, month, day: dayOfYear - daysBeforeMonth(month, isLeap) + 1 }
}

/** Monday is 0, Sunday 6. */
export function weekdayOf(day: number): number {
  const remainder = (day + 3) % 7
  return remainder < 0 ? remainder + 7 : remainder
}

export const isDate = (year: number, month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= monthLength(year, month)

/** The day on which week 1 of a year starts: the first week with at least four days in that year (RFC 5545 3.3.10, BYWEEKNO). */
export function startOfWeekYear(year: number, weekStart: number): number {
  const newYear = startOfYear(year)
  const daysIntoWeek = (weekdayOf(newYear) - weekStart + 7) % 7
  return daysIntoWeek <= 3 ? newYear - daysIntoWeek : newYear + 7 - daysIntoWeek
}

/** The year to which the week of a day belongs; near New Year it may be the year before or after. */
export function weekYearOf(day: number, weekStart: number): number {
  const year = yearOf(day)
  if (day < startOfWeekYear(year, weekStart)) return year - 1
  return day >= startOfWeekYear(year + 1, weekStart) ? year + 1 : year
}

export const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b))
