import { formatIso } from '../format-iso.ts'
import { SECONDS_PER_DAY } from '../gregorian.ts'
import { findChanges } from '../zone/find-changes.ts'
import { localOf } from '../zone/local-time.ts'
import { openZone, type Zone } from '../zone/zone.ts'
import type { CompiledSchedule } from './compile-schedule.ts'
import { nextOccurrence } from './next-occurrence.ts'
import type { Occurrence } from './schedule.ts'

export interface PreviewTime {
  /** `2026-03-08T03:30:00-04:00`. */
  readonly local: string
  readonly weekday: number
  /** Whether the clocks of that zone change on that day: forward (a gap) or back (an overlap). Undefined if they do not. */
  readonly clocks: 'forward' | 'back' | undefined
}

export interface PreviewLine extends Occurrence {
  /** In the zone of the schedule. */
  readonly here: PreviewTime
  /** In the zone of the viewer. */
  readonly there: PreviewTime
}

export interface Preview {
  readonly lines: readonly PreviewLine[]
  /** Why there are no more lines: the count was reached, the schedule ended, or the search reached its limit. */
  readonly end: 'more' | 'ended' | 'limit'
}

const LINES_MAX = 1_000

/** The next `count` occurrences (1,000 at most) after an instant, in two zones. `key` as for `nextOccurrence`. */
export function preview(compiled: CompiledSchedule, afterMs: number, count: number, viewerZone: string, key = ''): Preview {
  const viewer = openZone(viewerZone)
  const lines: PreviewLine[] = []
  let after = afterMs
  while (lines.length < Math.min(count, LINES_MAX)) {
    const next = nextOccurrence(compiled, after, key)
    if (next.kind !== 'occurrence') return { lines, end: next.kind }
    const { nominalMs, firesAtMs } = next
    lines.push({ nominalMs, firesAtMs, here: timeIn(compiled.zone, nominalMs), there: timeIn(viewer, nominalMs) })
    after = nominalMs
  }
  return { lines, end: 'more' }
}

function timeIn(zone: Zone, ms: number): PreviewTime {
  const second = Math.floor(ms / 1000)
  const day = Math.floor(localOf(zone, second) / SECONDS_PER_DAY)
  // A local day is at most 24 hours away from this second, whatever the clocks do on that day.
  const changes = findChanges(zone, second - 2 * SECONDS_PER_DAY, second + 2 * SECONDS_PER_DAY)
  const change = changes.find(({ at, offsetBefore }) => Math.floor((at + offsetBefore) / SECONDS_PER_DAY) === day)
  const clocks = change && (change.offsetAfter > change.offsetBefore ? 'forward' : 'back')
  return { local: formatIso(zone, ms), weekday: (((day + 3) % 7) + 7) % 7, clocks }
}
