import type { Instants } from '../instants.ts'
import { CHANGE_MARGIN_SECONDS, type DstPolicy, resolveLocal, segmentsAround } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import type { LocalTimes } from './local-times.ts'

/** If all times of a rule fall into gaps and are skipped, it never ends; the search stops after this many in a row. */
const SKIPPED_MAX = 20_000

/** The instants of local times in a zone. The policy decides for times that a clock change skips or repeats. */
export function wallInstants(times: LocalTimes, zone: Zone, policy: DstPolicy): Instants {
  return {
    next(afterMs) {
      const after = Math.floor(afterMs / 1000)
      const near = zone.segmentAt(after)
      if (after - near.from > CHANGE_MARGIN_SECONDS && near.to - after > CHANGE_MARGIN_SECONDS) {
        const local = times.next(after + near.offset + 1)
        if (local === undefined) return 'ended'
        const there = zone.segmentAt(local - near.offset)
        const instant = local - there.offset
        if (instant - there.from > CHANGE_MARGIN_SECONDS && there.to - instant > CHANGE_MARGIN_SECONDS) return instant * 1000
      }
      return nextNearChange(times, zone, policy, after)
    },
  }
}

/**
 * Near a clock change the order of local times differs from the order of instants: 02:45, shifted to 03:45, comes after 03:15. So local
 * times are read until no later one can have an earlier instant.
 */
function nextNearChange(times: LocalTimes, zone: Zone, policy: DstPolicy, after: number): ReturnType<Instants['next']> {
  // No instant later than `after` has a local time before this one.
  let from = after + 1 + Math.min(...segmentsAround(zone, after).map(({ offset }) => offset))
  let earliest: number | undefined
  for (let step = 0; step < SKIPPED_MAX; step++) {
    const local = times.next(from)
    if (local === undefined) break
    if (earliest !== undefined && local - Math.max(...segmentsAround(zone, local).map(({ offset }) => offset)) >= earliest) {
      return earliest * 1000
    }
    for (const instant of resolveLocal(zone, local, policy)) {
      if (instant > after && (earliest === undefined || instant < earliest)) earliest = instant
    }
    from = local + 1
    if (step === SKIPPED_MAX - 1 && earliest === undefined) return 'limit'
  }
  return earliest === undefined ? 'ended' : earliest * 1000
}
