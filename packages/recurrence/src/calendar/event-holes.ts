/** What events of a feed take away from a day. */
import { SECONDS_PER_DAY } from '../gregorian.ts'
import type { CalendarEvent } from '../icalendar/parse-icalendar.ts'
import { compileRecurrence } from '../rrule/compile-recurrence.ts'
import { defaultDstPolicy, instantOf, localOf, resolveLocal } from '../zone/local-time.ts'
import { openZone, type Zone } from '../zone/zone.ts'
import type { DayRange } from './calendar.ts'

export interface Hole extends DayRange {
  readonly name: string
}

/** An event longer than this closes only so much. */
const EVENT_DAYS_MAX = 400
/**
 * Questions for occurrences that one day may cost, of all series together. Nobody's calendar has so many; one that recurs each second, for a year each time,
 * would hold up everybody else.
 */
const OCCURRENCES_MAX = 10_000

/** For each day the parts that events cover, as seconds on the wall of the zone. */
export function findHoles(events: readonly CalendarEvent[], zone: Zone): (day: number) => readonly Hole[] {
  const single = new Map<number, Hole[]>()
  const series: HolesOfSeries[] = []
  for (const event of events) {
    if (isSeries(event)) series.push(holesOfSeries(event, zone))
    else for (const [day, hole] of daysOfOne(event, zone)) single.set(day, add(single.get(day), hole))
  }
  return (day) => {
    const [fromMs = 0, toMs = 0] = [day, day + 1].map((one) => instantOf(zone, one * SECONDS_PER_DAY) * 1000)
    const question = { day, fromMs, toMs, left: OCCURRENCES_MAX }
    return series.reduce((holes, holesOn) => holesOn(question).reduce(add, holes), [...(single.get(day) ?? [])])
  }
}

/** A day that is closed as a whole needs no parts; the last event that closes it so gives it its name. */
function add(holes: Hole[] | undefined, hole: Hole): Hole[] {
  if (holes === undefined || isWhole(hole)) return [hole]
  const [first] = holes
  if (first === undefined || !isWhole(first)) holes.push(hole)
  return holes
}

export const isWhole = ({ from, to }: DayRange): boolean => from === 0 && to === SECONDS_PER_DAY

interface Question {
  readonly day: number
  /** The day, as instants. */
  readonly fromMs: number
  readonly toMs: number
  /** How many questions for occurrences are left. */
  left: number
}

type HolesOfSeries = (question: Question) => Hole[]

const isSeries = ({ recurrence }: CalendarEvent): boolean =>
  recurrence.rules.length > 0 || recurrence.dates.length > 1 || recurrence.exceptionDates.length > 0

/** Start and end on the wall of the calendar's zone. Whole days are days there, wherever the feed comes from. */
function spanOfOne({ recurrence: { start }, lengthSeconds }: CalendarEvent, zone: Zone): DayRange {
  if (start.isDate) return { from: start.local, to: start.local + lengthSeconds }
  const home = start.zone === undefined ? zone : openZone(start.zone)
  const [instant = start.local] = resolveLocal(home, start.local, defaultDstPolicy)
  return { from: localOf(zone, instant), to: localOf(zone, instant + lengthSeconds) }
}

function daysOfOne(event: CalendarEvent, zone: Zone): [number, Hole][] {
  const span = spanOfOne(event, zone)
  const first = Math.floor(span.from / SECONDS_PER_DAY)
  const days: [number, Hole][] = []
  for (let day = first; day * SECONDS_PER_DAY < span.to && day < first + EVENT_DAYS_MAX; day++) {
    const hole = cut(span, day, event.name)
    if (hole) days.push([day, hole])
  }
  return days
}

function holesOfSeries(event: CalendarEvent, zone: Zone): HolesOfSeries {
  const { start } = event.recurrence
  const { instants } = compileRecurrence(event.recurrence, start, zone, defaultDstPolicy)
  const lengthMs = Math.min(event.lengthSeconds, EVENT_DAYS_MAX * SECONDS_PER_DAY) * 1000
  // Nothing occurs after the one and before the other: most series rest on most days, and many have ended.
  let quiet = { afterMs: 0, beforeMs: 0 }
  return (question) => {
    const { day, fromMs, toMs } = question
    // Twenty-six hours more, because days in local time may be longer than 24 hours.
    let after = fromMs - lengthMs - 26 * 3_600_000
    if (after >= quiet.afterMs && toMs <= quiet.beforeMs) return []
    const holes: Hole[] = []
    for (;;) {
      // To be open on a day that should be closed is worse than the other way round.
      if (--question.left < 0) return [{ from: 0, to: SECONDS_PER_DAY, name: event.name }]
      const next = instants.next(after)
      if (typeof next !== 'number' || next >= toMs) {
        quiet = { afterMs: after, beforeMs: next === 'ended' ? Number.POSITIVE_INFINITY : next === 'limit' ? toMs : next }
        return holes
      }
      after = next
      const from = localOf(zone, next / 1000)
      const to = start.isDate ? from + lengthMs / 1000 : localOf(zone, (next + lengthMs) / 1000)
      const hole = cut({ from, to }, day, event.name)
      if (hole) holes.push(hole)
    }
  }
}

/** The part of a span that lies on a day. */
function cut({ from, to }: DayRange, day: number, name: string): Hole | undefined {
  const start = day * SECONDS_PER_DAY
  const part = { from: Math.max(0, from - start), to: Math.min(SECONDS_PER_DAY, to - start), name }
  return part.from < part.to ? part : undefined
}
