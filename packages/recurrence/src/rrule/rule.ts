/** A recurrence rule as data: a checked text according to RFC 5545 3.3.10 and RFC 7529, with nothing computed yet. */

import type { Zone } from '../zone/zone.ts'

export const frequencies = ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'] as const
export type Frequency = (typeof frequencies)[number]

/** RFC 7529 4.1: what to do with a date that does not exist in a month or year. */
export type Skip = 'OMIT' | 'BACKWARD' | 'FORWARD'

/** A date or date-time in iCalendar. */
export interface Stamp {
  /** Local time, in seconds since 1970. */
  readonly local: number
  readonly isDate: boolean
  /** `UTC` for a time with Z, the zone of the TZID if there is one, undefined for a floating time. A feed can define zones itself. */
  readonly zone: string | Zone | undefined
}

export interface WeekdayNumber {
  /** Monday is 0. */
  readonly weekday: number
  /** The nth one, from the end if negative; undefined: all. */
  readonly nth: number | undefined
}

/** Lists are ascending and without duplicates; undefined: the rule does not set this part. */
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
  /** Monday is 0, the default. */
  readonly weekStart: number
  readonly skip: Skip
}

/** The content of the lines DTSTART, RRULE, EXRULE, RDATE and EXDATE. */
export interface RecurrenceSet {
  readonly start: Stamp | undefined
  readonly rules: readonly Rule[]
  readonly exceptionRules: readonly Rule[]
  readonly dates: readonly Stamp[]
  readonly exceptionDates: readonly Stamp[]
}

export const isSubDaily = (frequency: Frequency): boolean => frequency === 'SECONDLY' || frequency === 'MINUTELY' || frequency === 'HOURLY'
