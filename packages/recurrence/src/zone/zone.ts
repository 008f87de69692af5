/**
 * Time zones as a table of offsets, filled a year at a time from `Intl.DateTimeFormat`. One look-up in Intl takes 2 us, one here
 * about 10 ns, and the table also knows *when* the clocks change. Times are whole seconds since 1970-01-01T00:00Z.
 */
import { isLeapYear, SECONDS_PER_DAY, startOfYear, weekdayOf, yearOf } from '../gregorian.ts'
import { findSegments, type Segment } from './find-segments.ts'

export interface Zone {
  readonly name: string
  segmentAt(second: number): Segment
}

/** The tables of a zone hold at most `MAPPED_YEAR - YEAR_MIN + 28` years: later ones repeat. */
const MAPPED_YEAR = 2101

const zones = new Map<string, Zone>()

/** A zone by its IANA name in any case (`Europe/Berlin`, `UTC`); undefined if there is none. */
export function findZone(name: string): Zone | undefined {
  const key = name.toLowerCase()
  const known = zones.get(key)
  if (known) return known
  const format = openFormat(name)
  if (!format) return undefined
  const zone = makeZone(name, format)
  // Bounded: only names that Intl knows get here, and those are some 600.
  zones.set(key, zone)
  return zone
}

/** The zone of a name that was checked before. Throws a RangeError otherwise. */
export function openZone(name: string): Zone {
  const zone = findZone(name)
  if (!zone) throw new RangeError(`unknown time zone ${JSON.stringify(name)}`)
  return zone
}

export const isZoneName = (name: string): boolean => findZone(name) !== undefined

function openFormat(name: string): Intl.DateTimeFormat | undefined {
  // Fixed offsets such as +02:00 are known to Intl but are no zones: they have no rules.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/.test(name)) return undefined
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function makeZone(name: string, format: Intl.DateTimeFormat): Zone {
  // These have no rules that could change, so one segment is all there is.
  if (/^(?:UTC|GMT|Etc\/.*)$/i.test(name)) {
    const [always = { from: 0, to: 0, offset: 0 }] = findSegments(format, 0, SECONDS_PER_DAY)
    const segment = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, offset: always.offset }
    return { name, segmentAt: () => segment }
  }
  const years = new Map<number, readonly Segment[]>()
  let last: Segment = { from: 0, to: 0, offset: 0 }

  const segmentsOf = (year: number): readonly Segment[] => {
    let segments = years.get(year)
    if (!segments) {
      segments = findSegments(format, startOfYear(year) * SECONDS_PER_DAY, startOfYear(year + 1) * SECONDS_PER_DAY)
      years.set(year, segments)
    }
    return segments
  }

  const segmentAt = (second: number): Segment => {
    if (second >= last.from && second < last.to) return last
    const year = yearOf(Math.floor(second / SECONDS_PER_DAY))
    const alike = yearAlike(year)
    const shift = (startOfYear(year) - startOfYear(alike)) * SECONDS_PER_DAY
    for (const segment of segmentsOf(alike)) {
      if (second - shift >= segment.to) continue
      last = shift === 0 ? segment : { from: segment.from + shift, to: segment.to + shift, offset: segment.offset }
      return last
    }
    throw new RangeError(`no offset of ${name} at ${second}`)
  }
  return { name, segmentAt }
}

const alikeYears = new Map<string, number>()

/**
 * Far years have the offsets of a nearer year that starts on the same weekday and has the same length: the last rules that the time
 * zone database announces (Morocco's, to 2087) are over by then, and what stays is "the last Sunday of March".
 */
function yearAlike(year: number): number {
  if (year < MAPPED_YEAR) return year
  if (alikeYears.size === 0) {
    for (let alike = MAPPED_YEAR; alike < MAPPED_YEAR + 28; alike++) alikeYears.set(kindOf(alike), alike)
  }
  return alikeYears.get(kindOf(year)) ?? year
}

const kindOf = (year: number): string => `${weekdayOf(startOfYear(year))}${isLeapYear(year)}`
