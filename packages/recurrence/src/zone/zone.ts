/**
 * Time zones as tables of offsets, filled one year at a time from `Intl.DateTimeFormat`. A look-up in Intl takes 2 us, here about 10 ns,
 * and the table also contains *when* the clocks change. Times are whole seconds since 1970-01-01T00:00Z.
 */
import { isLeapYear, SECONDS_PER_DAY, startOfYear, weekdayOf, yearOf } from '../gregorian.ts'
import { findSegments, type Segment } from './find-segments.ts'

export interface Zone {
  readonly name: string
  segmentAt(second: number): Segment
}

/** A zone's table holds at most `MAPPED_YEAR - YEAR_MIN + 28` years: later years repeat. */
const MAPPED_YEAR = 2101

const zones = new Map<string, Zone>()

/** A zone by its IANA name in any case (`Europe/Berlin`, `UTC`); undefined for an unknown name. */
export function findZone(name: string): Zone | undefined {
  const key = name.toLowerCase()
  const known = zones.get(key)
  if (known) return known
  const format = openFormat(name)
  if (!format) return undefined
  const zone = makeZone(name, format)
  // Bounded: only names that Intl knows are added, about 600.
  zones.set(key, zone)
  return zone
}

/** The zone of a name that was checked before. Throws RangeError for an unknown name. */
export function openZone(name: string | Zone): Zone {
  if (typeof name !== 'string') return name
  const zone = findZone(name)
  if (!zone) throw new RangeError(`unknown time zone ${JSON.stringify(name)}`)
  return zone
}

export const isZoneName = (name: string): boolean => findZone(name) !== undefined

function openFormat(name: string): Intl.DateTimeFormat | undefined {
  // Intl accepts fixed offsets such as +02:00, but they are not zones: they have no rules.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/.test(name)) return undefined
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function makeZone(name: string, format: Intl.DateTimeFormat): Zone {
  // These zones have no rules that could change, so one segment is enough.
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
    const equivalent = equivalentYear(year)
    const shift = (startOfYear(year) - startOfYear(equivalent)) * SECONDS_PER_DAY
    for (const segment of segmentsOf(equivalent)) {
      if (second - shift >= segment.to) continue
      last = shift === 0 ? segment : { from: segment.from + shift, to: segment.to + shift, offset: segment.offset }
      return last
    }
    throw new RangeError(`no offset of ${name} at ${second}`)
  }
  return { name, segmentAt }
}

const equivalentYears = new Map<string, number>()

/**
 * Distant years have the offsets of a nearer year that starts on the same weekday and has the same length: the last announced rules in the
 * time zone database (Morocco's, to 2087) have ended by then, and the remaining ones are of the form "the last Sunday of March".
 */
function equivalentYear(year: number): number {
  if (year < MAPPED_YEAR) return year
  if (equivalentYears.size === 0) {
    for (let equivalent = MAPPED_YEAR; equivalent < MAPPED_YEAR + 28; equivalent++) equivalentYears.set(kindOf(equivalent), equivalent)
  }
  return equivalentYears.get(kindOf(year)) ?? year
}

const kindOf = (year: number): string => `${weekdayOf(startOfYear(year))}${isLeapYear(year)}`
