/** A recurrence rule as data: what RFC 5545 3.3.10 and RFC 7529 let a text say, checked, and nothing computed yet. */

export const frequencies = ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const
export type Frequency = (typeof frequencies)[number]

/** RFC 7529 4.1: what becomes of a date that a month or a year does not have. */
export type Skip = 'OMIT' | 'BACKWARD' | 'FORWARD'

/** A date or date-time as iCalendar writes it. */
export interface Stamp {
  /** Seconds since 1970 of what the clock on the wall shows. */
  readonly local: number
  readonly isDate: boolean
  /** `UTC` for a time with Z, the TZID if it has one, undefined for a floating time. */
  readonly zone: string | undefined
}

export interface WeekdayNumber {
  /** Monday is 0. */
  readonly weekday: number
  /** The nth one, from the end if negative; undefined for every one. */
  readonly nth: number | undefined
}

/** Lists are ascending and without duplicates; undefined means that the rule does not say. */
export interface Rule {
  readonly frequency: Frequency
  readonly interval: number
  readonly count: number | undefined
  readonly until: Stamp | undefined
  readonly bySecond: readonly number[] | undefined
  readonly byMinute: readonly number[] | undefined
  readonly byHour: readonly number[] | undefined
  readonly byDay: readonly WeekdayNumber[] | undefined
  readonly byMonthDay: readonly number[] | undefined
  readonly byYearDay: readonly number[] | undefined
  readonly byWeekNumber: readonly number[] | undefined
  readonly byMonth: readonly number[] | undefined
  readonly bySetPosition: readonly number[] | undefined
  /** Monday is 0, and the default. */
  readonly weekStart: number
  readonly skip: Skip
}

/** What the lines DTSTART, RRULE, EXRULE, RDATE and EXDATE say together. */
export interface RecurrenceSet {
  readonly start: Stamp | undefined
  readonly rules: readonly Rule[]
  readonly exceptionRules: readonly Rule[]
  readonly dates: readonly Stamp[]
  readonly exceptionDates: readonly Stamp[]
}

export const isSubDaily = (frequency: Frequency): boolean => frequency === 'SECONDLY' || frequency === 'MINUTELY' || frequency === 'HOURLY'
