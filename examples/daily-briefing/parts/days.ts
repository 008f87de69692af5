import { readFileSync } from 'node:fs'

/** Totals of the taxis in the sample on one day. */
export interface Day {
  /** YYYY-MM-DD. */
  readonly date: string
  readonly trips: number
  readonly faresUsd: number
  readonly tollsUsd: number
  /** Fares paid by card, and the tips on them. Cash tips are not recorded. */
  readonly cardFaresUsd: number
  readonly cardTipsUsd: number
  /** Hours with a passenger in the car. */
  readonly passengerHours: number
}

const DAY_MS = 86_400_000

/** Reads the days of the data file (March 2019), by date. */
export function readDays(): ReadonlyMap<string, Day> {
  const text = readFileSync(new URL('../data/taxi-days.json', import.meta.url), 'utf8')
  const { days } = JSON.parse(text) as { days: Day[] }
  return new Map(days.map((day) => [day.date, day]))
}

/** The `count` days that end with the date `to`, oldest first. Days without data are omitted. */
export function takeDays(days: ReadonlyMap<string, Day>, to: string, count: number): Day[] {
  return Array.from({ length: count }, (_, at) => days.get(moveDate(to, at + 1 - count))).filter((day) => day !== undefined)
}

export function moveDate(date: string, count: number): string {
  return new Date(Date.parse(date) + count * DAY_MS).toISOString().slice(0, 10)
}

/** Yesterday in New York, mapped to the same weekday in the last week of March 2019. */
export function findYesterday(nowMs: number): string {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York', dateStyle: 'short' }).format(nowMs)
  const weekday = new Date(moveDate(today, -1)).getUTCDay()
  // 31 March 2019 was a Sunday.
  return moveDate('2019-03-31', weekday === 0 ? 0 : weekday - 7)
}
