import { SECONDS_PER_DAY, yearOf } from '../gregorian.ts'

/** A period with one offset. It may end at the end of a year without a clock change. */
export interface Segment {
  /** First second, inclusive. */
  readonly from: number
  /** End, exclusive. */
  readonly to: number
  /** Seconds that local time is ahead of UTC. */
  readonly offset: number
}

/**
 * Since 1940 no zone has kept an offset for less than this (Brazil in 2000 and Gaza in 2040: seven days less an hour; Freetown in 1939:
 * four), so sampling at this interval finds every change.
 */
const SAMPLE_DAYS = 6
const EARLY_SAMPLE_DAYS = 3

/** The offsets of a zone between two instants, in seconds. */
export function findSegments(format: Intl.DateTimeFormat, from: number, to: number): Segment[] {
  const stepSeconds = (yearOf(Math.floor(from / SECONDS_PER_DAY)) < 1940 ? EARLY_SAMPLE_DAYS : SAMPLE_DAYS) * SECONDS_PER_DAY
  const segments: Segment[] = []
  let start = from
  let at = from
  let offset = readOffset(format, from)
  while (at < to) {
    const next = Math.min(at + stepSeconds, to - 1)
    const nextOffset = readOffset(format, next)
    if (nextOffset !== offset) {
      const change = findChange(format, at, next, offset)
      segments.push({ from: start, to: change, offset })
      start = change
      offset = readOffset(format, change)
      at = change
    } else if (next === to - 1) {
      at = to
    } else {
      at = next
    }
  }
  segments.push({ from: start, to, offset })
  return segments
}

/** The first second whose offset differs from `offset`, which applies at `low` and no longer at `high`. */
function findChange(format: Intl.DateTimeFormat, low: number, high: number, offset: number): number {
  let before = low
  let after = high
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (readOffset(format, middle) === offset) before = middle
    else after = middle
  }
  return after
}

/** Parses Intl's `3/8/2026, GMT-05:00`, which has seconds while a zone used local mean time. */
function readOffset(format: Intl.DateTimeFormat, second: number): number {
  const text = format.format(second * 1000)
  const at = text.lastIndexOf('GMT') + 3
  if (at >= text.length) return 0
  const size = Number(text.slice(at + 1, at + 3)) * 3600 + Number(text.slice(at + 4, at + 6)) * 60 + Number(text.slice(at + 7, at + 9))
  return text.charCodeAt(at) === 0x2b ? size : -size
}
