import { unfold } from '../content-lines.ts'
import { type Malformed, type Parsed, parseWith, quote, refuse } from '../parsing.ts'
import type { ZoneNamer } from '../rrule/read-stamps.ts'
import type { Stamp } from '../rrule/rule.ts'
import type { Zone } from '../zone/zone.ts'
import { makeFileZone } from './file-zone.ts'
import { mergeOverrides } from './merge-overrides.ts'
import { nameZone } from './name-zone.ts'
import { type Components, readComponents } from './read-components.ts'
import { type CalendarEvent, type Draft, readEvent } from './read-event.ts'

export interface CalendarFeed {
  readonly events: readonly CalendarEvent[]
  /** What was left out or is not understood, and where: one malformed event does not invalidate a feed. */
  readonly problems: readonly Malformed[]
}

const FEED_LENGTH_MAX = 5_000_000
const EVENTS_MAX = 20_000

/** The events of an iCalendar text (RFC 5545). Refuses a text that is not a calendar. */
export function parseICalendar(text: string): Parsed<CalendarFeed> {
  return parseWith(text, () => readFeed(unfold(text).text), FEED_LENGTH_MAX)
}

function readFeed(text: string): CalendarFeed {
  if (!/^\uFEFF?BEGIN:VCALENDAR\r?$/im.test(text.slice(0, 200)))
    refuse(0, 'this is not an iCalendar text: it does not start with BEGIN:VCALENDAR')
  const problems: Malformed[] = []
  const report = (problem: Malformed): void => void problems.push(problem)
  const components = readComponents(text.replace(/^\uFEFF/, ''), report)
  if (components.events.length > EVENTS_MAX) refuse(0, `more than ${EVENTS_MAX} events`)
  const context = { nameZone: createZoneNamer(components, report), feedZone: components.zone, report }
  const drafts = components.events.flatMap((event): Draft[] => {
    const read = parseWith('', () => readEvent(event, context))
    if (read.ok) return [read.value]
    report({ ...read.problem, message: `an event was left out: ${read.problem.message}` })
    return []
  })
  return { events: mergeOverrides(drafts), problems }
}

/** A zone is looked up by its IANA or Outlook name, then in the feed. An unknown one is that of the feed: better than leaving an event out. */
function createZoneNamer({ zones, zone }: Components, report: (problem: Malformed) => void): ZoneNamer {
  const known = new Map<string, Stamp['zone']>()
  const find: ZoneNamer = (tzid, position) => {
    const named = nameZone(tzid)
    if (named !== undefined) return named
    const lines = zones.get(tzid)
    const fallback = `its times are read in the zone of the ${zone === undefined ? 'calendar' : `feed, ${zone}`}`
    if (lines === undefined) {
      report({ position, message: `the time zone ${quote(tzid)} is not an IANA zone and the feed does not define it; ${fallback}` })
      return zone ?? ''
    }
    const made = parseWith('', (): Zone => makeFileZone(tzid, lines.observances, lines.position))
    if (made.ok) return made.value
    report({ ...made.problem, message: `${made.problem.message}; ${fallback}` })
    return zone ?? ''
  }
  return (tzid, position) => {
    if (!known.has(tzid)) known.set(tzid, find(tzid, position))
    return known.get(tzid)
  }
}
