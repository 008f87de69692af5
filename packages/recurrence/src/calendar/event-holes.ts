/** What events of a feed take away from a day. */
import { secondsPerDay } from '../gregorian.ts'
import type { CalendarEvent } from '../icalendar/parse-icalendar.ts'
import type { Instants } from '../instants.ts'
import { compileRecurrence } from '../rrule/compile-recurrence.ts'
import { defaultDstPolicy, instantOf, localOf, resolveLocal } from '../zone/local-time.ts'
import { openZone, type Zone } from '../zone/zone.ts'
import type { DayRange } from './calendar.ts'

export interface Hole extends DayRange {
  readonly name: string
}

/** An event longer than this closes only so much. */
const eventDaysMax = 400

/** For each day the parts that events cover, as seconds on the wall of the zone. */
export function findHoles(events: readonly CalendarEvent[], zone: Zone): (day: number) => readonly Hole[] {
  const single = new Map<number, Hole[]>()
  const series: ((day: number) => Hole[])[] = []
  for (const event of events) {
    if (isSeries(event)) series.push(holesOfSeries(event, zone))
    else for (const [day, hole] of daysOfOne(event, zone)) single.set(day, [...(single.get(day) ?? []), hole])
  }
  return (day) => [...(single.get(day) ?? []), ...series.flatMap((holesOn) => holesOn(day))]
}

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
  const first = Math.floor(span.from / secondsPerDay)
  const days: [number, Hole][] = []
  for (let day = first; day * secondsPerDay < span.to && day < first + eventDaysMax; day++) {
    const hole = cut(span, day, event.name)
    if (hole) days.push([day, hole])
  }
  return days
}

function holesOfSeries(event: CalendarEvent, zone: Zone): (day: number) => Hole[] {
  const { start } = event.recurrence
  const { instants } = compileRecurrence(event.recurrence, start, zone, defaultDstPolicy)
  const lengthMs = Math.min(event.lengthSeconds, eventDaysMax * secondsPerDay) * 1000
  return (day) => {
    const startOfDayMs = instantOf(zone, day * secondsPerDay) * 1000
    const endOfDayMs = instantOf(zone, (day + 1) * secondsPerDay) * 1000
    // Twenty-six hours more, because days in local time may be longer than 24 hours.
    return between(instants, startOfDayMs - lengthMs - 26 * 3_600_000, endOfDayMs).flatMap((ms) => {
      const from = localOf(zone, ms / 1000)
      const to = start.isDate ? from + lengthMs / 1000 : localOf(zone, (ms + lengthMs) / 1000)
      return cut({ from, to }, day, event.name) ?? []
    })
  }
}

function between(instants: Instants, fromMs: number, toMs: number): number[] {
  const found: number[] = []
  for (let next = instants.next(fromMs); typeof next === 'number' && next < toMs; next = instants.next(next)) found.push(next)
  return found
}

/** The part of a span that lies on a day. */
function cut({ from, to }: DayRange, day: number, name: string): Hole | undefined {
  const start = day * secondsPerDay
  const part = { from: Math.max(0, from - start), to: Math.min(secondsPerDay, to - start), name }
  return part.from < part.to ? part : undefined
}
