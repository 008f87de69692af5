/** A cron expression as data. Weekdays count from Monday = 0, unlike in the text. */

/** A day of the month: a number, so many days before the last, or the weekday (Monday to Friday) nearest to one. */
export type CronMonthDay =
  | { readonly kind: 'day'; readonly day: number }
  | { readonly kind: 'before-last'; readonly days: number }
  | { readonly kind: 'nearest-weekday'; readonly day: number }
  | { readonly kind: 'last-weekday' }

/** A day of the week: every one, the nth or the last of the month. */
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
  /** With both days restricted either of them is enough; with one of them starting with `*` both must fit (as Vixie cron has it). */
  readonly either: boolean
}
