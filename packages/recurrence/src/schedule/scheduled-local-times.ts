import type { LocalTimes } from '../pattern/local-times.ts'
import { type DstPolicy, localOf } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import type { CompiledInclude } from './compile-include.ts'

/** How many local times of one gap are checked. */
const TIMES_MAX = 100

/**
 * The local times that an occurrence was scheduled for: 03:30 may be a 02:30 that the clocks skip. Moved to another day, it is 02:30 again.
 */
export function scheduledLocalTimes(includes: readonly CompiledInclude[], zone: Zone, { gap }: DstPolicy): (second: number) => number[] {
  const walls = includes.flatMap((include) => include.walls).flatMap((wall) => (wall.zone === zone ? [wall.times] : []))
  const isAll = includes.every(({ isOnWall }) => isOnWall)
  return (second) => {
    const local = localOf(zone, second)
    const { from, offset } = zone.segmentAt(second)
    const jump = offset - zone.segmentAt(from - 1).offset
    const past = second - from
    if (jump <= 0 || gap === 'skip' || past >= (gap === 'shift' ? jump : 1)) return [local]
    const [first, last] = gap === 'shift' ? [local - jump, local - jump] : [local - jump, local - 1]
    const skipped = walls.flatMap((times) => timesBetween(times, first, last))
    const isItself = !isAll || skipped.length === 0 || walls.some((times) => times.next(local) === local)
    return [...new Set(isItself ? [...skipped, local] : skipped)]
  }
}

function timesBetween(times: LocalTimes, first: number, last: number): number[] {
  const found: number[] = []
  for (let at = times.next(first); at !== undefined && at <= last && found.length < TIMES_MAX; at = times.next(at + 1)) found.push(at)
  return found
}
