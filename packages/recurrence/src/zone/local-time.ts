/**
 * From what a clock on the wall shows to what is meant. Local times are seconds since 1970-01-01T00:00 as if the wall were in UTC.
 */
import type { Segment } from './find-segments.ts'
import type { Zone } from './zone.ts'

/** What happens to a local time that the clocks jump over: 02:30 runs at 03:30, or at 03:00, or not at all. */
export type GapPolicy = 'shift' | 'first-valid' | 'skip'

/** Which of the two is meant when the clocks show a local time twice. */
export type OverlapPolicy = 'first' | 'second' | 'both'

export interface DstPolicy {
  readonly gap: GapPolicy
  readonly overlap: OverlapPolicy
}

/** RFC 5545 3.3.5: before the gap's offset, and the first of two. Argued in docs/decisions/0010-dst-policy.md. */
export const defaultDstPolicy: DstPolicy = { gap: 'shift', overlap: 'first' }

/**
 * More than the largest jump of any clock since 1900 (24 hours, at the date line) plus the largest offset: at this distance from a
 * change of the clocks, local time and UTC differ by one constant.
 */
export const CALM_SECONDS = 40 * 3600

/** The instants of a local time, in seconds: none, one or two, ascending. */
export function resolveLocal(zone: Zone, local: number, policy: DstPolicy): readonly number[] {
  const guess = zone.segmentAt(local)
  const instant = local - guess.offset
  if (instant - guess.from >= CALM_SECONDS && guess.to - instant > CALM_SECONDS) return [instant]
  const segments = segmentsAround(zone, local)
  const found = segments.filter(({ from, to, offset }) => local - offset >= from && local - offset < to).map(({ offset }) => local - offset)
  found.sort((a, b) => a - b)
  if (found.length === 0) return resolveGap(segments, local, policy.gap)
  if (found.length === 1 || policy.overlap === 'both') return found
  return policy.overlap === 'first' ? found.slice(0, 1) : found.slice(-1)
}

function resolveGap(segments: readonly Segment[], local: number, policy: GapPolicy): number[] {
  const before = segments.findLast(({ to, offset }) => local - offset >= to)
  if (!before || policy === 'skip') return []
  return [policy === 'shift' ? local - before.offset : before.to]
}

/** One instant for a local time, always: of two the first, and for none the moment of the jump. For the edges of days and ranges. */
export function instantOf(zone: Zone, local: number): number {
  const [instant] = resolveLocal(zone, local, { gap: 'first-valid', overlap: 'first' })
  if (instant === undefined) throw new RangeError(`no instant of local second ${local} in ${zone.name}`)
  return instant
}

export const localOf = (zone: Zone, second: number): number => second + zone.segmentAt(second).offset

/** All stretches of one offset that a local time, or an instant, could have to do with. */
export function segmentsAround(zone: Zone, second: number): Segment[] {
  return segmentsBetween(zone, second - CALM_SECONDS, second + CALM_SECONDS)
}

/** The stretches between two instants, the first of which holds `from`, and the last `to`. */
function segmentsBetween(zone: Zone, from: number, to: number): Segment[] {
  const segments = [zone.segmentAt(from)]
  let last = segments[0]
  while (last !== undefined && last.to <= to) {
    last = zone.segmentAt(last.to)
    segments.push(last)
  }
  return segments
}
