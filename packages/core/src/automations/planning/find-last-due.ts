import { nextOccurrence, type Occurrence } from '@orrery/recurrence'
import type { Timetable } from './firing-state.ts'

/**
 * The last occurrence after a nominal time that fires by `byMs`, or null. A binary search, because a schedule can only be searched
 * forwards: about forty searches for any number of occurrences in between.
 */
export function findLastDue(timetable: Timetable, afterMs: number, byMs: number): Occurrence | null {
  const last = findLastNominal(timetable, afterMs, byMs)
  if (last === null || last.firesAtMs <= byMs) return last
  // Jitter never delays an occurrence beyond the next one, so the one before has fired by then.
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
  // There is no occurrence after `emptyFromMs`. Each iteration halves the span in between.
  while (last.nominalMs < emptyFromMs) {
    const middleMs: number = last.nominalMs + Math.floor((emptyFromMs - last.nominalMs) / 2)
    const later = within(middleMs, emptyFromMs)
    if (later === null) emptyFromMs = middleMs
    else last = later
  }
  return last
}
