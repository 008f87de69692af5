import { formatLocalIso } from '../format-iso.ts'
import { SECONDS_PER_DAY, YEAR_MIN } from '../gregorian.ts'
import { findChanges } from '../zone/find-changes.ts'
import { resolveLocal } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import type { CompiledSchedule } from './compile-schedule.ts'
import { dayTraits, type LeapDay } from './day-traits.ts'
import { isOccurrence } from './next-occurrence.ts'

export interface Analysis {
  /** There is never an occurrence: 30 February, for example, or excludes that leave nothing. */
  readonly isImpossible: boolean
  /** The search reached its limit, so `isImpossible` is not known. */
  readonly isUndecided: boolean
  /** Local times in the next ten years that a clock change skips or repeats, where the DST policy decides. The first ten. */
  readonly dstConflicts: readonly DstConflict[]
  readonly leapDay: LeapDay
  /** The schedule names a day that some months do not have (29, 30, 31). */
  readonly skipsShortMonths: boolean
}

export interface DstConflict {
  /** Local time in the zone: `2027-03-14T02:30:00`. */
  readonly local: string
  readonly kind: 'gap' | 'overlap'
}

const CONFLICTS_MAX = 10
/** How many local times are checked around one clock change. */
const TIMES_MAX = 100
const YEARS_AHEAD = 10

/** Properties of a schedule that may surprise its author, seen from an instant on. */
export function analyse(compiled: CompiledSchedule, nowMs: number): Analysis {
  const first = compiled.instants.next(Date.UTC(YEAR_MIN, 0, 1))
  const traits = compiled.schedule.include.flatMap((include) => dayTraits(include, compiled.schedule.start))
  return {
    isImpossible: first === 'ended',
    isUndecided: first === 'limit',
    dstConflicts: findConflicts(compiled, nowMs),
    leapDay: traits.find((trait) => trait.leapDay !== 'none')?.leapDay ?? 'none',
    skipsShortMonths: traits.some((trait) => trait.skipsShortMonths),
  }
}

function findConflicts(compiled: CompiledSchedule, nowMs: number): DstConflict[] {
  const now = Math.floor(nowMs / 1000)
  const conflicts: DstConflict[] = []
  for (const { times, zone } of compiled.includes.flatMap(({ walls }) => walls)) {
    for (const { at, offsetBefore, offsetAfter } of findChanges(zone, now, now + YEARS_AHEAD * 366 * SECONDS_PER_DAY)) {
      const [from, to] = [at + Math.min(offsetBefore, offsetAfter), at + Math.max(offsetBefore, offsetAfter)]
      const kind = offsetAfter > offsetBefore ? 'gap' : 'overlap'
      let local = times.next(from)
      for (let step = 0; step < TIMES_MAX && local !== undefined && local < to; step++, local = times.next(local + 1)) {
        if (!isDecided(compiled, zone, local, at)) continue
        conflicts.push({ local: formatLocalIso(local), kind })
        break
      }
    }
  }
  return conflicts.sort((a, b) => (a.local < b.local ? -1 : 1)).slice(0, CONFLICTS_MAX)
}

/** Whether the policy matters: not if the schedule has ended by then, or a calendar or an exclude removes the time anyway. */
function isDecided(compiled: CompiledSchedule, zone: Zone, local: number, changeAt: number): boolean {
  const instants = resolveLocal(zone, local, compiled.policy)
  // A skipped time leaves no instant, so the policy matters if the schedule continues.
  if (instants.length === 0) return typeof compiled.instants.next(changeAt * 1000) === 'number'
  return instants.some((instant) => isOccurrence(compiled, instant * 1000))
}
