import type { Zone } from './zone.ts'

/** A moment when the clocks of a zone change. Times are in seconds. */
export interface ClockChange {
  readonly at: number
  readonly offsetBefore: number
  readonly offsetAfter: number
}

/** The clock changes after `from`, up to and including `to`. */
export function findChanges(zone: Zone, from: number, to: number): ClockChange[] {
  const changes: ClockChange[] = []
  let segment = zone.segmentAt(from)
  while (segment.to <= to) {
    const next = zone.segmentAt(segment.to)
    if (next.offset !== segment.offset) changes.push({ at: segment.to, offsetBefore: segment.offset, offsetAfter: next.offset })
    segment = next
  }
  return changes
}
