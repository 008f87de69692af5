import { refuse } from '../parsing.ts'
import type { Stamp } from '../rrule/rule.ts'
import type { CalendarEvent, Draft, SeriesPart } from './read-event.ts'

/** Occurrences of all series together that are replaced by separate events, and parts of series. */
const REPLACED_MAX = 100_000

/**
 * An event with a RECURRENCE-ID replaces one occurrence of the series with its UID, or with RANGE=THISANDFUTURE the later ones too
 * (RFC 5545, sections 3.2.13 and 3.8.4.4); a cancelled one only removes them.
 */
export function mergeOverrides(drafts: readonly Draft[]): CalendarEvent[] {
  const overrides = new Map<string, { readonly single: Stamp[]; readonly later: Override[] }>()
  for (const draft of drafts) {
    const { uid, replaces } = draft
    // Events without a UID are unrelated to each other.
    if (replaces === undefined || uid === '') continue
    const known = overrides.get(uid) ?? { single: [], later: [] }
    overrides.set(uid, known)
    if (draft.replacesLater) known.later.push({ ...draft, replaces })
    else known.single.push(replaces)
  }
  let count = 0
  return drafts.flatMap((draft) => {
    const { uid, event, replaces, isCancelled } = draft
    if (isCancelled) return []
    const found = replaces === undefined ? overrides.get(uid) : undefined
    if (found === undefined) return [event]
    count += found.single.length + found.later.length
    if (count > REPLACED_MAX) refuse(0, `more than ${REPLACED_MAX} occurrences of series are replaced by other events`)
    const { recurrence } = event
    const series = { ...event, recurrence: { ...recurrence, exceptionDates: [...recurrence.exceptionDates, ...found.single] } }
    return partsOf(series, found.later)
  })
}

type Override = Draft & { readonly replaces: Stamp }

/** The series up to the first override, and what each override makes of the rest. */
function partsOf(series: CalendarEvent, overrides: readonly Override[]): CalendarEvent[] {
  const later = overrides.toSorted((a, b) => a.replaces.local - b.replaces.local)
  const [first] = later
  if (first === undefined) return [series]
  const moved = later.flatMap(({ event, replaces, isCancelled }, at) => {
    // An override with rules of its own is a series already.
    if (isCancelled || event.recurrence.rules.length > 0) return []
    const until = later[at + 1]?.replaces
    const part: SeriesPart = { since: replaces, movedTo: event.recurrence.start, ...(until === undefined ? {} : { until }) }
    return [{ ...event, recurrence: series.recurrence, part }]
  })
  return [{ ...series, part: { until: first.replaces } }, ...moved]
}
