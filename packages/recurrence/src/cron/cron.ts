/** A cron expression as data. Weekdays count from Monday = 0, unlike in the text. */

/** A day of the month: its number, a number of days before the last, or the weekday (Monday to Friday) nearest to a day. */
export type CronMonthDay =
  | { readonly kind: 'day'; readonly day: number }
  | { readonly kind: 'before-last'; readonly days: number }
  | { readonly kind: 'nearest-weekday'; readonly day: number }
  | { readonly kind: 'last-weekday' }

/** A weekday: every one, the nth or the last of the month. */
export interface CronWeekday {
  readonly weekday: number
  readonly nth: number | 'last' | undefined
}

/** Lists are ascending and without duplicates. */
export interface Cron {
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly months: readonly number[]
  readonly monthDays: readonly CronMonthDay[]
  readonly weekdays: readonly CronWeekday[]
  /**
   * True if a day need match only one of the two day fields; false if it must match both, because one field starts with `*` (as in Vixie
   * cron).
   */
  readonly either: boolean
}
