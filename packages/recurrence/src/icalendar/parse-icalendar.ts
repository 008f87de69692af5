import { type ContentLine, parseContentLine, splitLines, unfold } from '../content-lines.ts'
import { clockMs, parseDuration } from '../duration.ts'
import { type Malformed, type Parsed, parseWith, refuse } from '../parsing.ts'
import { parseRule } from '../rrule/parse-rule.ts'
import { readStamps, type ZoneNamer } from '../rrule/read-stamps.ts'
import type { RecurrenceSet, Stamp } from '../rrule/rule.ts'
import { instantOf } from '../zone/local-time.ts'
import { openZone } from '../zone/zone.ts'
import { nameZone } from './name-zone.ts'

/** An event of a feed, or a series of them. */
export interface CalendarEvent {
  readonly name: string
  /** Seconds from start to end; for an event on whole days, 86,400 per day. */
  readonly lengthSeconds: number
  /** Always has a start. */
  readonly recurrence: RecurrenceSet & { readonly start: Stamp }
}

export interface CalendarFeed {
  readonly events: readonly CalendarEvent[]
  /** Events that were left out, and why: one malformed event does not invalidate a feed. */
  readonly problems: readonly Malformed[]
}

const FEED_LENGTH_MAX = 5_000_000
const EVENTS_MAX = 20_000
/** Lines that are not iCalendar. Each costs as much as twenty valid ones; some programs fold lines wrongly and produce a few. */
const BROKEN_LINES_MAX = 20_000
/** Occurrences of all series together that are replaced by separate events. */
const REPLACED_MAX = 100_000

/** The events of an iCalendar text (RFC 5545). Refuses a text that is not a calendar. */
export function parseICalendar(text: string): Parsed<CalendarFeed> {
  return parseWith(text, () => readFeed(unfold(text).text), FEED_LENGTH_MAX)
}

/** The lines between BEGIN:VEVENT and END:VEVENT, without those of nested components (alarms). */
interface Block {
  readonly lines: ContentLine[]
  readonly position: number
}

function readFeed(text: string): CalendarFeed {
  if (!/^\uFEFF?BEGIN:VCALENDAR\r?$/im.test(text.slice(0, 200)))
    refuse(0, 'this is not an iCalendar text: it does not start with BEGIN:VCALENDAR')
  const problems: Malformed[] = []
  const { blocks, zone } = readBlocks(text.replace(/^\uFEFF/, ''), problems)
  if (blocks.length > EVENTS_MAX) refuse(0, `more than ${EVENTS_MAX} events`)
  const drafts = blocks.flatMap((block) => {
    const read = parseWith('', () => readEvent(block, zone))
    if (read.ok) return [read.value]
    problems.push(read.problem)
    return []
  })
  return { events: mergeOverrides(drafts), problems }
}

function readBlocks(text: string, problems: Malformed[]): { blocks: Block[]; zone: string | undefined } {
  const blocks: Block[] = []
  const open: string[] = []
  let block: Block | undefined
  let zone: string | undefined
  for (const { line, position } of splitLines(text)) {
    const parsed = parseWith(line, () => parseContentLine(line, position), FEED_LENGTH_MAX)
    if (!parsed.ok) {
      problems.push(parsed.problem)
      if (problems.length > BROKEN_LINES_MAX) refuse(position, `more than ${BROKEN_LINES_MAX} lines that are not iCalendar`)
      continue
    }
    const { name, value } = parsed.value
    if (name === 'BEGIN') {
      open.push(value.toUpperCase())
      if (open.at(-1) === 'VEVENT') block = { lines: [], position }
    } else if (name === 'END') {
      if (open.pop() === 'VEVENT' && block) blocks.push(block)
    } else if (open.at(-1) === 'VEVENT') {
      block?.lines.push(parsed.value)
    } else if (name === 'X-WR-TIMEZONE') {
      zone = nameZone(value)
    }
  }
  return { blocks, zone }
}

interface Draft {
  readonly uid: string
  readonly event: CalendarEvent
  /** The occurrence of a series that this event replaces. */
  readonly replaces: Stamp | undefined
  readonly isCancelled: boolean
}

function readEvent({ lines, position }: Block, feedZone: string | undefined): Draft {
  const all = (name: string) => lines.filter((line) => line.name === name)
  const one = (name: string) => lines.find((line) => line.name === name)
  // An event in an unknown zone is read in the zone of the feed: better than leaving it out.
  const zoneNamer: ZoneNamer = (tzid) => nameZone(tzid) ?? feedZone ?? ''
  const stamps = (line: ContentLine): Stamp[] =>
    readStamps(line, zoneNamer).map((stamp) => ({ ...stamp, zone: stamp.isDate ? undefined : stamp.zone || feedZone }))
  const startLine = one('DTSTART')
  const start = startLine && stamps(startLine)[0]
  if (!start) refuse(position, 'the event has no DTSTART')
  const endLine = one('DTEND')
  const replacesLine = one('RECURRENCE-ID')
  const parseRules = (name: string) => all(name).map((line) => parseRule(line.value, line.valuePosition))
  const rules = parseRules('RRULE')
  const more = all('RDATE').flatMap(stamps)
  const isSeries = rules.length > 0 || more.length > 0
  return {
    uid: one('UID')?.value ?? '',
    event: {
      name: unescapeText(one('SUMMARY')?.value ?? ''),
      lengthSeconds: readLength(one('DURATION'), start, endLine && stamps(endLine)[0], isSeries),
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
    isCancelled: one('STATUS')?.value.toUpperCase() === 'CANCELLED',
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

/** An event with a RECURRENCE-ID replaces one occurrence of the series with its UID; a cancelled one only removes it. */
function mergeOverrides(drafts: readonly Draft[]): CalendarEvent[] {
  const replaced = new Map<string, Stamp[]>()
  for (const { uid, replaces } of drafts) {
    const known = replaced.get(uid)
    // Events without a UID are unrelated to each other.
    if (replaces === undefined || uid === '') continue
    if (known) known.push(replaces)
    else replaced.set(uid, [replaces])
  }
  let count = 0
  return drafts
    .filter(({ isCancelled }) => !isCancelled)
    .map(({ uid, event, replaces }) => {
      const more = replaces ? undefined : replaced.get(uid)
      if (more === undefined) return event
      count += more.length
      if (count > REPLACED_MAX) refuse(0, `more than ${REPLACED_MAX} occurrences of series are replaced by other events`)
      const { recurrence } = event
      return { ...event, recurrence: { ...recurrence, exceptionDates: [...recurrence.exceptionDates, ...more] } }
    })
}

const unescapeText = (text: string): string =>
  text.replaceAll(/\\([\\;,nN])/g, (_, code: string) => (code.toLowerCase() === 'n' ? '\n' : code))
