import { nextOccurrence, type Occurrence } from '@orrery/recurrence'
import type { Timetable } from './firing-state.ts'

/**
 * The last occurrence after a nominal time that fires by `byMs`, or null. Found by halving, since schedules are only asked forwards: some
 * forty questions however many occurrences lie between.
 */
export function findLastDue(timetable: Timetable, afterMs: number, byMs: number): Occurrence | null {
  const last = findLastNominal(timetable, afterMs, byMs)
  if (last === null || last.firesAtMs <= byMs) return last
  // Jitter never reaches the next occurrence, so the one before has fired when this one is due.
  return findLastNominal(timetable, afterMs, last.nominalMs - 1)
}

function findLastNominal({ schedule, key }: Timetable, afterMs: number, toMs: number): Occurrence | null {
  const within = (fromMs: number, untilMs: number): Occurrence | null => {
    if (fromMs >= untilMs) return null
    const next = nextOccurrence(schedule, fromMs, key)
    return next.kind === 'occurrence' && next.nominalMs <= untilMs ? next : null
  }
  let last = within(afterMs, toMs)
  if (last === null) return null
  let emptyFromMs = within(last.nominalMs, toMs) === null ? last.nominalMs : toMs
  // Nothing lies after `emptyFromMs`; each turn halves what is between.
  while (last.nominalMs < emptyFromMs) {
    const middleMs: number = last.nominalMs + Math.floor((emptyFromMs - last.nominalMs) / 2)
    const later = within(middleMs, emptyFromMs)
    if (later === null) emptyFromMs = middleMs
    else last = later
  }
  return last
}
