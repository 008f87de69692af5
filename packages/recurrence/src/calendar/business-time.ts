/**
 * Arithmetic on business time. `PT24H` is 24 hours of business, `P1D` one business day: the same time on the next one. What is paused
 * does not count, and a pause costs only the business time in it.
 */

import type { DurationParts } from '../duration.ts'
import { SECONDS_PER_DAY } from '../gregorian.ts'
import { instantOf, localOf } from '../zone/local-time.ts'
import { findBusinessDay, isBusinessDay } from './business-days.ts'
import type { CompiledCalendar } from './compile-calendar.ts'

/** Open and not paused; `toMs` is exclusive. */
export interface OpenTime {
  readonly fromMs: number
  readonly toMs: number
}

/** When a clock stood still; without an end it still does. */
export interface Pause {
  readonly fromMs: number
  readonly toMs?: number
}

export type BusinessInstant =
  | { readonly kind: 'at'; readonly ms: number }
  /** A pause without an end began before the time was over. */
  | { readonly kind: 'paused' }
  /** The calendar does not open often enough for that in a lifetime. */
  | { readonly kind: 'never' }
  /** How many business days a week has depends on the calendar, and part of a day has no business day. */
  | { readonly kind: 'unclear'; readonly reason: string }

/** Over a hundred years; and a calendar that is closed for three is not going to open. */
const DAYS_MAX = 40_000
const CLOSED_DAYS_MAX = 1_000

/** The opening times from an instant on, in order, whole ones except the first. */
export function* openTimes(calendar: CompiledCalendar, fromMs: number): Generator<OpenTime> {
  const { zone } = calendar
  const first = dayAt(calendar, fromMs)
  let openedOn = first
  for (let day = first; day < first + DAYS_MAX && day - openedOn < CLOSED_DAYS_MAX; day++) {
    for (const range of calendar.planOf(day).open) {
      openedOn = day
      const start = instantOf(zone, day * SECONDS_PER_DAY + range.from) * 1000
      const end = instantOf(zone, day * SECONDS_PER_DAY + range.to) * 1000
      if (end > fromMs && end > start) yield { fromMs: Math.max(start, fromMs), toMs: end }
    }
  }
}

/** Milliseconds of business between two instants, pauses left out. Negative if `toMs` is before `fromMs`. */
export function businessTimeBetween(calendar: CompiledCalendar, fromMs: number, toMs: number, pauses: readonly Pause[] = []): number {
  if (toMs < fromMs) return -businessTimeBetween(calendar, toMs, fromMs, pauses)
  let total = 0
  for (const open of openTimes(calendar, fromMs)) {
    if (open.fromMs >= toMs) break
    for (const part of withoutPauses({ fromMs: open.fromMs, toMs: Math.min(open.toMs, toMs) }, sortPauses(pauses)))
      total += part.toMs - part.fromMs
  }
  return total
}

/**
 * The instant at which a duration of business time is over. Time that ends exactly at closing ends then, not at the next opening. A clock
 * that starts while closed starts at the next opening.
 */
export function addBusinessTime(
  calendar: CompiledCalendar,
  fromMs: number,
  duration: DurationParts,
  pauses: readonly Pause[] = [],
): BusinessInstant {
  if (duration.weeks > 0)
    return { kind: 'unclear', reason: 'a week on a business calendar is not clear; write its business days, such as P5D' }
  if (!Number.isInteger(duration.days)) return { kind: 'unclear', reason: 'part of a business day is not clear; write its hours' }
  const sorted = sortPauses(pauses)
  if (duration.days === 0) return addOpenTime(calendar, fromMs, duration.timeMs, sorted)
  const start = nextOpening(calendar, fromMs)
  if (start === undefined) return { kind: 'never' }
  const reached = addBusinessDays(calendar, start, duration.days)
  if (reached === undefined) return { kind: 'never' }
  // What was paused on the way there is still to be done.
  const pausedMs = businessTimeBetween(calendar, start, reached) - businessTimeBetween(calendar, start, reached, sorted)
  return addOpenTime(calendar, reached, duration.timeMs + pausedMs, sorted)
}

function addOpenTime(calendar: CompiledCalendar, fromMs: number, amountMs: number, pauses: readonly Pause[]): BusinessInstant {
  let rest = amountMs
  for (const open of openTimes(calendar, fromMs)) {
    for (const part of withoutPauses(open, pauses)) {
      const length = part.toMs - part.fromMs
      if (rest <= length) return { kind: 'at', ms: amountMs === 0 ? fromMs : part.fromMs + rest }
      rest -= length
    }
    const [forever] = pauses.filter((pause) => pause.toMs === undefined)
    if (forever && forever.fromMs < open.toMs) return { kind: 'paused' }
  }
  return { kind: 'never' }
}

/** The same time of day so many business days later, moved into the opening hours of that day if it lies outside of them. */
function addBusinessDays(calendar: CompiledCalendar, startMs: number, days: number): number | undefined {
  const { zone } = calendar
  let day: number | undefined = dayAt(calendar, startMs)
  const startDay = day
  for (let count = 0; count < days && day !== undefined; count++) day = findBusinessDay(calendar, day + 1, 1)
  if (day === undefined) return undefined
  const startSecond = Math.floor(startMs / 1000)
  const time = localOf(zone, startSecond) - startDay * SECONDS_PER_DAY
  const { open } = calendar.planOf(day)
  // Before an opening, also that after a break, it waits for it; after the last closing it was due at that.
  const range = open.find(({ to }) => time <= to)
  const clamped = range ? Math.max(time, range.from) : (open.at(-1)?.to ?? SECONDS_PER_DAY)
  return instantOf(zone, day * SECONDS_PER_DAY + clamped) * 1000 + (clamped === time ? startMs - startSecond * 1000 : 0)
}

function nextOpening(calendar: CompiledCalendar, fromMs: number): number | undefined {
  // The moment of closing still belongs to its day: due one business day later is due at closing then.
  const day = dayAt(calendar, fromMs)
  const isWithinDay =
    isBusinessDay(calendar, day) &&
    calendar.planOf(day).open.some(({ from, to }) => {
      const [start, end] = [from, to].map((time) => instantOf(calendar.zone, day * SECONDS_PER_DAY + time) * 1000)
      return start !== undefined && end !== undefined && fromMs >= start && fromMs <= end
    })
  if (isWithinDay) return fromMs
  for (const open of openTimes(calendar, fromMs)) return open.fromMs
  return undefined
}

const dayAt = ({ zone }: CompiledCalendar, ms: number): number => Math.floor(localOf(zone, Math.floor(ms / 1000)) / SECONDS_PER_DAY)

const sortPauses = (pauses: readonly Pause[]): Pause[] => pauses.toSorted((a, b) => a.fromMs - b.fromMs)

function withoutPauses(open: OpenTime, pauses: readonly Pause[]): OpenTime[] {
  const parts: OpenTime[] = []
  let from = open.fromMs
  for (const pause of pauses) {
    const resumed = pause.toMs ?? Number.POSITIVE_INFINITY
    if (resumed <= from) continue
    if (pause.fromMs >= open.toMs) break
    if (pause.fromMs > from) parts.push({ fromMs: from, toMs: pause.fromMs })
    from = Math.max(from, resumed)
    if (from >= open.toMs) return parts
  }
  if (from < open.toMs) parts.push({ fromMs: from, toMs: open.toMs })
  return parts
}
