/**
 * Arithmetic on business time. `PT24H` is 24 hours of business, `P1D` is one business day: the same time on the next one. Time in a pause
 * does not count, so a pause delays the result by the business time that it covers.
 */

import type { DurationParts } from '../duration.ts'
import { SECONDS_PER_DAY } from '../gregorian.ts'
import { instantOf, localOf } from '../zone/local-time.ts'
import { findBusinessDay, isBusinessDay } from './business-days.ts'
import type { CompiledCalendar } from './compile-calendar.ts'

/** A period that is open and not paused; `toMs` is exclusive. */
export interface OpenTime {
  readonly fromMs: number
  readonly toMs: number
}

/** A period in which the clock was stopped; without `toMs` it is still stopped. */
export interface Pause {
  readonly fromMs: number
  readonly toMs?: number
}

export type BusinessInstant =
  | { readonly kind: 'at'; readonly ms: number }
  /** A pause without an end began before the duration was over. */
  | { readonly kind: 'paused' }
  /** The calendar does not open often enough within a hundred years. */
  | { readonly kind: 'never' }
  /**
   * The duration has no clear meaning: the number of business days in a week depends on the calendar, and a business day has no fraction.
   */
  | { readonly kind: 'unclear'; readonly reason: string }

/** Over a hundred years; and a calendar that is closed for almost three years counts as one that never opens. */
const DAYS_MAX = 40_000
const CLOSED_DAYS_MAX = 1_000

/** The opening times from an instant on, in order. The first may begin within an opening time. */
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

/** Milliseconds of business between two instants, without pauses. Negative if `toMs` is before `fromMs`. */
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
 * The instant at which a duration of business time is over. A duration that ends exactly at closing ends then, not at the next opening. One
 * that starts while closed starts at the next opening.
 */
export function addBusinessTime(
  calendar: CompiledCalendar,
  fromMs: number,
  duration: DurationParts,
  pauses: readonly Pause[] = [],
): BusinessInstant {
  if (duration.weeks > 0)
    return { kind: 'unclear', reason: 'a week has no fixed number of business days; write business days, such as P5D' }
  if (!Number.isInteger(duration.days)) return { kind: 'unclear', reason: 'a business day has no fraction; write hours' }
  const sorted = sortPauses(pauses)
  if (duration.days === 0) return addOpenTime(calendar, fromMs, duration.timeMs, sorted)
  const start = nextOpening(calendar, fromMs)
  if (start === undefined) return { kind: 'never' }
  const reached = addBusinessDays(calendar, start, duration.days)
  if (reached === undefined) return { kind: 'never' }
  // Business time that was paused on the way is added at the end.
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

/** The same time of day, `days` business days later, moved into the opening hours of that day if it is outside them. */
function addBusinessDays(calendar: CompiledCalendar, startMs: number, days: number): number | undefined {
  const { zone } = calendar
  let day: number | undefined = dayAt(calendar, startMs)
  const startDay = day
  for (let count = 0; count < days && day !== undefined; count++) day = findBusinessDay(calendar, day + 1, 1)
  if (day === undefined) return undefined
  const startSecond = Math.floor(startMs / 1000)
  const time = localOf(zone, startSecond) - startDay * SECONDS_PER_DAY
  const { open } = calendar.planOf(day)
  // A time before an opening moves to that opening, also after a break; a time after the last closing moves back to it.
  const range = open.find(({ to }) => time <= to)
  const clamped = range ? Math.max(time, range.from) : (open.at(-1)?.to ?? SECONDS_PER_DAY)
  return instantOf(zone, day * SECONDS_PER_DAY + clamped) * 1000 + (clamped === time ? startMs - startSecond * 1000 : 0)
}

function nextOpening(calendar: CompiledCalendar, fromMs: number): number | undefined {
  // The moment of closing still belongs to its day: one business day later it is due at closing.
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
