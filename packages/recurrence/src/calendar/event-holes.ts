/** The parts of a day that the events of a feed close. */
import { SECONDS_PER_DAY } from '../gregorian.ts'
import type { CalendarEvent } from '../icalendar/read-event.ts'
import { type Instants, within } from '../instants.ts'
import { compileRecurrence } from '../rrule/compile-recurrence.ts'
import type { Stamp } from '../rrule/rule.ts'
import { CHANGE_MARGIN_SECONDS, defaultDstPolicy, instantOf, localOf, resolveLocal } from '../zone/local-time.ts'
import { openZone, type Zone } from '../zone/zone.ts'
import type { DayRange } from './calendar.ts'

export interface Hole extends DayRange {
  readonly name: string
}

/** An event that is longer closes only this many days. */
const EVENT_DAYS_MAX = 400
/**
 * How many occurrences may be looked up for one day, in all series together. A real calendar needs far fewer; a series that recurs every
 * second for a year would delay all other work.
 */
const OCCURRENCES_MAX = 10_000

/** Returns, for each day, the parts that events cover, in seconds of local time in the zone. */
export function findHoles(events: readonly CalendarEvent[], zone: Zone): (day: number) => readonly Hole[] {
  const single = new Map<number, Hole[]>()
  const series: HolesOfSeries[] = []
  for (const event of events) {
    if (isSeries(event)) series.push(holesOfSeries(event, zone))
    else for (const [day, hole] of daysOfOne(event, zone)) single.set(day, add(single.get(day), hole))
  }
  return (day) => {
    const [fromMs = 0, toMs = 0] = [day, day + 1].map((one) => instantOf(zone, one * SECONDS_PER_DAY) * 1000)
    const query = { day, fromMs, toMs, left: OCCURRENCES_MAX }
    return series.reduce((holes, holesOn) => holesOn(query).reduce(add, holes), [...(single.get(day) ?? [])])
  }
}

/** A day that is closed as a whole needs no parts; it takes the name of the last event that closes all of it. */
function add(holes: Hole[] | undefined, hole: Hole): Hole[] {
  if (holes === undefined || isWhole(hole)) return [hole]
  const [first] = holes
  if (first === undefined || !isWhole(first)) holes.push(hole)
  return holes
}

export const isWhole = ({ from, to }: DayRange): boolean => from === 0 && to === SECONDS_PER_DAY

interface DayQuery {
  readonly day: number
  /** The start and end of the day, as instants. */
  readonly fromMs: number
  readonly toMs: number
  /** How many lookups of occurrences are left. */
  left: number
}

type HolesOfSeries = (query: DayQuery) => Hole[]

const isSeries = ({ recurrence, part }: CalendarEvent): boolean =>
  part !== undefined || recurrence.rules.length > 0 || recurrence.dates.length > 1 || recurrence.exceptionDates.length > 0

/** Start and end in local time of the calendar's zone. Whole days are days of that zone, whatever the zone of the feed. */
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
  const { instants, isDate } = instantsOfSeries(event, zone)
  const lengthMs = Math.min(event.lengthSeconds, EVENT_DAYS_MAX * SECONDS_PER_DAY) * 1000
  // The series has no occurrence between these two. Most series have none on most days, and many have ended.
  let quiet = { afterMs: 0, beforeMs: 0 }
  return (query) => {
    const { day, fromMs, toMs } = query
    // 26 hours more than the length, because a day can be longer than 24 hours where clocks change.
    let after = fromMs - lengthMs - 26 * 3_600_000
    if (after >= quiet.afterMs && toMs <= quiet.beforeMs) return []
    const holes: Hole[] = []
    for (;;) {
      // Closing a day by mistake is better than opening one by mistake.
      if (--query.left < 0) return [{ from: 0, to: SECONDS_PER_DAY, name: event.name }]
      const next = instants.next(after)
      if (typeof next !== 'number' || next >= toMs) {
        quiet = { afterMs: after, beforeMs: next === 'ended' ? Number.POSITIVE_INFINITY : next === 'limit' ? toMs : next }
        return holes
      }
      after = next
      const from = localOf(zone, next / 1000)
      const to = isDate ? from + lengthMs / 1000 : localOf(zone, (next + lengthMs) / 1000)
      const hole = cut({ from, to }, day, event.name)
      if (hole) holes.push(hole)
    }
  }
}

/** `isDate`: the occurrences are whole days. */
function instantsOfSeries({ recurrence, part = {} }: CalendarEvent, zone: Zone): { readonly instants: Instants; readonly isDate: boolean } {
  const { start } = recurrence
  const { since, until, movedTo } = part
  const homeOf = (stamp: Stamp) => (stamp.zone === undefined ? zone : openZone(stamp.zone))
  const msOf = (stamp: Stamp) => instantOf(homeOf(stamp), stamp.local) * 1000
  const all = compileRecurrence(recurrence, start, zone, defaultDstPolicy).instants
  const fromMs = since === undefined ? Number.NEGATIVE_INFINITY : msOf(since)
  const chosen = within(all, fromMs, until === undefined ? Number.POSITIVE_INFINITY : msOf(until) - 1)
  if (since === undefined || movedTo === undefined) return { instants: chosen, isDate: start.isDate }
  return { instants: moved(chosen, homeOf(since), homeOf(movedTo), movedTo.local - since.local), isDate: movedTo.isDate }
}

/** Instants moved by an amount of local time: a meeting that moves from ten to two is at two on each later day. */
function moved(instants: Instants, from: Zone, to: Zone, bySeconds: number): Instants {
  const move = (ms: number) => instantOf(to, localOf(from, ms / 1000) + bySeconds) * 1000
  const moveBack = (ms: number) => instantOf(from, localOf(to, Math.floor(ms / 1000)) - bySeconds) * 1000
  // A caller that walks on need not begin again before the clock change.
  let walked = { afterMs: Number.POSITIVE_INFINITY, at: 0 }
  return {
    next(afterMs) {
      let at = moveBack(afterMs) - CHANGE_MARGIN_SECONDS * 1000
      if (afterMs >= walked.afterMs) at = Math.max(at, walked.at)
      for (;;) {
        const next = instants.next(at)
        walked = { afterMs, at }
        if (typeof next !== 'number' || move(next) > afterMs) return typeof next === 'number' ? move(next) : next
        at = next
      }
    },
  }
}

/** The part of a span that falls on a day. */
function cut({ from, to }: DayRange, day: number, name: string): Hole | undefined {
  const start = day * SECONDS_PER_DAY
  const part = { from: Math.max(0, from - start), to: Math.min(SECONDS_PER_DAY, to - start), name }
  return part.from < part.to ? part : undefined
}
