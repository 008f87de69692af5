import type { ContentLine } from '../content-lines.ts'
import { clockMs, parseDuration } from '../duration.ts'
import { type Malformed, refuse } from '../parsing.ts'
import { parseRule } from '../rrule/parse-rule.ts'
import { readStamps, type ZoneNamer } from '../rrule/read-stamps.ts'
import type { RecurrenceSet, Stamp } from '../rrule/rule.ts'
import { instantOf } from '../zone/local-time.ts'
import { openZone } from '../zone/zone.ts'
import { withoutEnd } from './file-zone.ts'
import type { EventLines } from './read-components.ts'

/** An event of a feed, or a series of them. */
export interface CalendarEvent {
  readonly name: string
  /** Seconds from start to end; for an event on whole days, 86,400 per day. */
  readonly lengthSeconds: number
  /** Marked as free (`TRANSP:TRANSPARENT`; RFC 5545, section 3.8.2.7). */
  readonly isFree: boolean
  /** Always has a start. */
  readonly recurrence: RecurrenceSet & { readonly start: Stamp }
  readonly part?: SeriesPart
}

/** Only the occurrences from `since` on and before `until`, moved as `since` was moved to `movedTo`. */
export interface SeriesPart {
  readonly since?: Stamp
  readonly until?: Stamp
  readonly movedTo?: Stamp
}

export interface Draft {
  readonly uid: string
  readonly event: CalendarEvent
  /** The occurrence of a series that this event replaces. */
  readonly replaces: Stamp | undefined
  /** It replaces the later occurrences too (`RANGE=THISANDFUTURE`; RFC 5545, section 3.2.13). */
  readonly replacesLater: boolean
  readonly isCancelled: boolean
}

export interface EventContext {
  readonly nameZone: ZoneNamer
  /** The zone of times that have none. */
  readonly feedZone: string | undefined
  /** Gets what is not understood of an event that is used all the same. */
  report(problem: Malformed): void
}

export function readEvent({ lines, position }: EventLines, { nameZone, feedZone, report }: EventContext): Draft {
  const all = (name: string) => lines.filter((line) => line.name === name)
  const one = (name: string) => lines.find((line) => line.name === name)
  const stamps = (line: ContentLine): Stamp[] =>
    readStamps(line, nameZone).map((stamp) => ({ ...stamp, zone: stamp.isDate ? undefined : stamp.zone || feedZone }))
  const startLine = one('DTSTART')
  const start = startLine && stamps(startLine)[0]
  if (!start) refuse(position, 'the event has no DTSTART')
  const endLine = one('DTEND')
  const replacesLine = one('RECURRENCE-ID')
  const parseRules = (name: string) => all(name).map((line) => parseRule(withoutEnd(line.value), line.valuePosition))
  const rules = parseRules('RRULE')
  const dateLines = all('RDATE')
  if (dateLines.some(({ parameters }) => parameters.get('VALUE')?.toUpperCase() === 'PERIOD'))
    report({ position, message: 'RDATE lists periods: their starts are used, with the length of the event' })
  const more = dateLines.flatMap(stamps)
  const isSeries = rules.length > 0 || more.length > 0
  const range = replacesLine?.parameters.get('RANGE')?.toUpperCase()
  if (range !== undefined && range !== 'THISANDFUTURE')
    report({ position, message: `RANGE=${range} is not used: one occurrence is replaced` })
  return {
    uid: one('UID')?.value ?? '',
    event: {
      name: unescapeText(one('SUMMARY')?.value ?? ''),
      lengthSeconds: readLength(one('DURATION'), start, endLine && stamps(endLine)[0], isSeries),
      isFree: one('TRANSP')?.value.trim().toUpperCase() === 'TRANSPARENT',
      recurrence: {
        start,
        rules,
        exceptionRules: parseRules('EXRULE'),
        // The start of an event is always an occurrence.
        dates: [start, ...more],
        exceptionDates: all('EXDATE').flatMap(stamps),
      },
    },
    replaces: replacesLine && stamps(replacesLine)[0],
    replacesLater: range === 'THISANDFUTURE',
    isCancelled: one('STATUS')?.value.trim().toUpperCase() === 'CANCELLED',
  }
}

function readLength(length: ContentLine | undefined, start: Stamp, end: Stamp | undefined, isSeries: boolean): number {
  const fallback = start.isDate ? 86_400 : 0
  if (end) return Math.max(fallback, lengthBetween(start, end, isSeries))
  if (!length) return fallback
  const duration = parseDuration(length.value.replace(/^\+/, ''))
  return duration.ok ? Math.max(fallback, clockMs(duration.value) / 1000) : refuse(length.valuePosition, duration.problem.message)
}

/**
 * Measured in local time if start and end share a zone: a series from 22:00 to 06:00 is so on every night. Otherwise by instants, as for a
 * flight.
 */
function lengthBetween(start: Stamp, end: Stamp, isSeries: boolean): number {
  const isOnOneWall = start.isDate || end.isDate || (start.zone === end.zone && (isSeries || start.zone === undefined))
  // A time without a zone is in the local time of the reader, which is not known here.
  const instant = ({ zone, local }: Stamp, other: Stamp) => instantOf(openZone(zone ?? other.zone ?? 'UTC'), local)
  return isOnOneWall ? end.local - start.local : instant(end, start) - instant(start, end)
}

const unescapeText = (text: string): string =>
  text.replaceAll(/\\([\\;,nN])/g, (_, code: string) => (code.toLowerCase() === 'n' ? '\n' : code))
