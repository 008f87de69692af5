/** Time zones that a feed defines itself (RFC 5545, section 3.6.5). */
import type { ContentLine } from '../content-lines.ts'
import { SECONDS_PER_DAY, YEAR_MIN } from '../gregorian.ts'
import type { Instants } from '../instants.ts'
import { refuse } from '../parsing.ts'
import { compileRecurrence } from '../rrule/compile-recurrence.ts'
import { parseRule } from '../rrule/parse-rule.ts'
import { readStamps } from '../rrule/read-stamps.ts'
import type { Segment } from '../zone/find-segments.ts'
import { defaultDstPolicy } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'

/** The lines of a STANDARD or DAYLIGHT component. */
export interface Observance {
  readonly lines: readonly ContentLine[]
  readonly position: number
}

/** Clock changes of one zone. Two a year for 500 years, which is what Outlook's zones from 1601 have. */
const CHANGES_MAX = 1_500
/** After this year a zone keeps its last offset. */
const LAST_YEAR = 2_200

/** A clock change: from this second on, clocks are this many seconds ahead of UTC. */
interface Change {
  readonly at: number
  readonly offset: number
}

/** The zone of the observances. Refuses ones that are malformed, or that change the clocks too often. */
export function makeFileZone(name: string, observances: readonly Observance[], position: number): Zone {
  const parts = observances.map(readObservance)
  const [earliest] = parts.toSorted((a, b) => a.first - b.first)
  if (earliest === undefined) refuse(position, `the time zone ${name} has neither STANDARD nor DAYLIGHT`)
  const changes = parts.flatMap((part) => listChanges(part, name, position)).sort((a, b) => a.at - b.at)
  const segments: Segment[] = []
  // Before the first change the clocks show what it changes them from.
  let open = { from: Number.NEGATIVE_INFINITY, offset: earliest.offsetBefore }
  for (const { at, offset } of changes) {
    if (Math.abs(offset - open.offset) > SECONDS_PER_DAY) refuse(position, `the time zone ${name} moves its clocks by more than a day`)
    segments.push({ ...open, to: at })
    open = { from: at, offset }
  }
  segments.push({ ...open, to: Number.POSITIVE_INFINITY })
  return { name, segmentAt: (second) => findSegment(segments, second) }
}

interface Clock {
  /** When the clocks change to the offset. */
  readonly instants: Instants
  /** The first of them, in local time. */
  readonly first: number
  readonly offset: number
  readonly offsetBefore: number
}

function readObservance({ lines, position }: Observance): Clock {
  const one = (name: string) => lines.find((line) => line.name === name) ?? refuse(position, `an observance of a time zone has no ${name}`)
  const offsetBefore = readOffset(one('TZOFFSETFROM'))
  const offset = readOffset(one('TZOFFSETTO'))
  const stampsOf = (line: ContentLine) => readStamps(withinYears(line), () => undefined)
  const [start = refuse(position, 'an observance of a time zone has no DTSTART')] = stampsOf(one('DTSTART'))
  const rules = lines.filter(({ name }) => name === 'RRULE').map(({ value, valuePosition }) => parseRule(withoutEnd(value), valuePosition))
  const dates = [start, ...lines.filter(({ name }) => name === 'RDATE').flatMap(stampsOf)]
  // The times of changes are in local time with the offset before the change.
  const segment = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, offset: offsetBefore }
  const clock: Zone = { name: 'observance', segmentAt: () => segment }
  const set = { start, rules, exceptionRules: [], dates, exceptionDates: [] }
  return { instants: compileRecurrence(set, start, clock, defaultDstPolicy).instants, first: start.local, offset, offsetBefore }
}

/** Outlook's zones begin in 1601, before the years that recurrences cover. */
function withinYears(line: ContentLine): ContentLine {
  const year = Number(line.value.slice(0, 4))
  return year > 0 && year < YEAR_MIN ? { ...line, value: `${YEAR_MIN}${line.value.slice(4)}` } : line
}

/** Some programs end a rule with a semicolon. */
export const withoutEnd = (rule: string): string => rule.replace(/;+$/, '')

/** Further than any place has ever been from UTC. What is computed around clock changes relies on it: see CHANGE_MARGIN_SECONDS. */
const OFFSET_HOURS_MAX = 16

/** `-0500`, `+023000` (RFC 5545, section 3.3.14), in seconds. */
function readOffset({ value, valuePosition, name }: ContentLine): number {
  const [, sign, hours, minutes, seconds = '0'] = /^([+-])(\d\d)([0-5]\d)([0-5]\d)?$/.exec(value) ?? []
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  if (!(size <= OFFSET_HOURS_MAX * 3600))
    return refuse(valuePosition, `${name} is not an offset from -${OFFSET_HOURS_MAX}00 to +${OFFSET_HOURS_MAX}00 such as -0500`)
  return sign === '-' ? -size : size
}

function listChanges({ instants, first, offset }: Clock, name: string, position: number): Change[] {
  const changes: Change[] = []
  const beforeMs = (first - SECONDS_PER_DAY) * 1000
  const endMs = Date.UTC(LAST_YEAR, 0, 1)
  for (let at = instants.next(beforeMs); typeof at === 'number' && at < endMs; at = instants.next(at)) {
    if (changes.length === CHANGES_MAX) refuse(position, `the time zone ${name} changes its clocks more than ${CHANGES_MAX} times`)
    changes.push({ at: at / 1000, offset })
  }
  return changes
}

/** By halving: segments are in order and cover all time. */
function findSegment(segments: readonly Segment[], second: number): Segment {
  let low = 0
  let high = segments.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (second < (segments[middle]?.to ?? Number.POSITIVE_INFINITY)) high = middle
    else low = middle + 1
  }
  return segments[low] ?? { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, offset: 0 }
}
