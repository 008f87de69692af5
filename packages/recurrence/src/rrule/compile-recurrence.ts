import { exclude, excludeInstants, excludeRanges, type Range } from '../exclusion/exclude.ts'
import { SECONDS_PER_DAY } from '../gregorian.ts'
import { fromList, type Instants, unite } from '../instants.ts'
import { type DstPolicy, instantOf, resolveLocal } from '../zone/local-time.ts'
import { openZone, type Zone } from '../zone/zone.ts'
import { type Compiled, compileRule } from './compile-rule.ts'
import type { RecurrenceSet, Rule, Stamp } from './rule.ts'

export interface CompiledSet {
  readonly instants: Instants
  readonly walls: readonly NonNullable<Compiled['wall']>[]
  /** True if all instants come from `walls`. */
  readonly isOnWall: boolean
}

/**
 * The recurrence set: RRULE and RDATE without EXRULE and EXDATE (RFC 5545 3.8.5.3). `start` is used if the text has no DTSTART, and `zone`
 * for times without a zone.
 */
export function compileRecurrence(set: RecurrenceSet, start: Stamp, zone: Zone, policy: DstPolicy): CompiledSet {
  const begin = set.start ?? start
  const home = begin.zone === undefined ? zone : openZone(begin.zone)
  const compile = (rule: Rule) => compileRule(rule, begin, home, policy)
  const rules = set.rules.map(compile)
  const dates = set.dates.flatMap((stamp) => instantsOf(stamp, home, policy))
  const parts = rules.map(({ instants }) => instants)
  if (dates.length > 0) parts.push(fromList(dates))
  const exceptions = set.exceptionRules.map((rule) => compile(rule).instants)
  const ranges = set.exceptionDates.flatMap((stamp) => rangesOf(stamp, home, policy))
  const exclusions = [...exceptions.map(excludeInstants), ...(ranges.length > 0 ? [excludeRanges(ranges)] : [])]
  const walls = rules.flatMap(({ wall }) => wall ?? [])
  return { instants: exclude(unite(parts), exclusions), walls, isOnWall: walls.length === parts.length }
}

function instantsOf(stamp: Stamp, zone: Zone, policy: DstPolicy): number[] {
  const home = stamp.zone === undefined ? zone : openZone(stamp.zone)
  return resolveLocal(home, stamp.local, policy).map((second) => second * 1000)
}

/** An exception that is a date excludes its whole day; a local time that occurs twice is excluded both times. */
function rangesOf(stamp: Stamp, zone: Zone, policy: DstPolicy): Range[] {
  const home = stamp.zone === undefined ? zone : openZone(stamp.zone)
  if (stamp.isDate) {
    return [{ fromMs: instantOf(home, stamp.local) * 1000, toMs: instantOf(home, stamp.local + SECONDS_PER_DAY) * 1000 }]
  }
  return instantsOf(stamp, zone, { ...policy, overlap: 'both' }).map((fromMs) => ({ fromMs, toMs: fromMs + 1 }))
}
