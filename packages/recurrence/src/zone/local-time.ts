/** From local times to instants. A local time is counted in seconds since 1970-01-01T00:00, as if it were in UTC. */
import type { Segment } from './find-segments.ts'
import type { Zone } from './zone.ts'

/** What happens to a local time that the clocks skip: 02:30 becomes 03:30, or 03:00, or is dropped. */
export type GapPolicy = 'shift' | 'first-valid' | 'skip'

/** Which instant is meant when a local time occurs twice. */
export type OverlapPolicy = 'first' | 'second' | 'both'

export interface DstPolicy {
  readonly gap: GapPolicy
  readonly overlap: OverlapPolicy
}

/** RFC 5545 3.3.5: the offset before the gap, and the first of two. See docs/decisions/0010-dst-policy.md. */
export const defaultDstPolicy: DstPolicy = { gap: 'shift', overlap: 'first' }

/**
 * The largest jump of any clock since 1900 (24 hours, at the date line) plus the largest offset (16 hours), which are also the limits of zones
 * that feeds define: at more than this distance from a clock change, local time and UTC differ by a constant.
 */
export const CHANGE_MARGIN_SECONDS = 40 * 3600

/** The instants of a local time, in seconds: none, one or two, in ascending order. */
export function resolveLocal(zone: Zone, local: number, policy: DstPolicy): readonly number[] {
  const guess = zone.segmentAt(local)
  const instant = local - guess.offset
  if (instant - guess.from >= CHANGE_MARGIN_SECONDS && guess.to - instant > CHANGE_MARGIN_SECONDS) return [instant]
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

/**
 * Always exactly one instant for a local time: the first of two, or the moment of the jump if the clocks skip it. For the edges of days and
 * ranges.
 */
export function instantOf(zone: Zone, local: number): number {
  const [instant] = resolveLocal(zone, local, { gap: 'first-valid', overlap: 'first' })
  if (instant === undefined) throw new RangeError(`no instant of local second ${local} in ${zone.name}`)
  return instant
}

export const localOf = (zone: Zone, second: number): number => second + zone.segmentAt(second).offset

/** All periods of constant offset that can apply to a local time or instant. */
export function segmentsAround(zone: Zone, second: number): Segment[] {
  return segmentsBetween(zone, second - CHANGE_MARGIN_SECONDS, second + CHANGE_MARGIN_SECONDS)
}

/** The periods of constant offset from the one that contains `from` to the one that contains `to`. */
function segmentsBetween(zone: Zone, from: number, to: number): Segment[] {
  const segments = [zone.segmentAt(from)]
  let last = segments[0]
  while (last !== undefined && last.to <= to) {
    last = zone.segmentAt(last.to)
    segments.push(last)
  }
  return segments
}
