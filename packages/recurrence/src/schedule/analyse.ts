import { formatLocalIso } from '../format-iso.ts'
import { SECONDS_PER_DAY, YEAR_MIN } from '../gregorian.ts'
import { findChanges } from '../zone/find-changes.ts'
import { resolveLocal } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import type { CompiledSchedule } from './compile-schedule.ts'
import { dayTraits, type LeapDay } from './day-traits.ts'
import { isOccurrence } from './next-occurrence.ts'

export interface Analysis {
  /** Nothing ever occurs: 30 February, or excludes that leave nothing over. */
  readonly isImpossible: boolean
  /** The search was given up, so that nothing can be said of `isImpossible`. */
  readonly isUndecided: boolean
  /** Local times in the next ten years that the clocks jump over or show twice: there the DST policy decides. The first few. */
  readonly dstConflicts: readonly DstConflict[]
  readonly leapDay: LeapDay
  /** Days of the month that some months lack (29, 30, 31). */
  readonly skipsShortMonths: boolean
}

export interface DstConflict {
  /** On the wall of the zone: `2027-03-14T02:30:00`. */
  readonly local: string
  readonly kind: 'gap' | 'overlap'
}

const CONFLICTS_MAX = 10
/** Local times that are looked at around one change of the clocks. */
const TIMES_MAX = 100
const YEARS_AHEAD = 10

/** What may surprise whoever wrote the schedule, looking on from an instant. */
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

/** Whether the policy has a say: not if the schedule is over by then, or a calendar or an exclude takes the time away anyhow. */
function isDecided(compiled: CompiledSchedule, zone: Zone, local: number, changeAt: number): boolean {
  const instants = resolveLocal(zone, local, compiled.policy)
  // What is skipped leaves no trace, but for a schedule that goes on.
  if (instants.length === 0) return typeof compiled.instants.next(changeAt * 1000) === 'number'
  return instants.some((instant) => isOccurrence(compiled, instant * 1000))
}
