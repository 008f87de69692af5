import { formatLocalIso } from '../format-iso.ts'
import { type Parsed, parseWith } from '../parsing.ts'
import { parseRrule } from '../rrule/parse-rrule.ts'
import { localOf } from '../zone/local-time.ts'
import { openZone } from '../zone/zone.ts'

/**
 * A start for a rule without DTSTART, to be stored with it: without one, INTERVAL would drift and COUNT would never end. It is the next
 * whole minute, so that "at 07:30" does not become 07:30:42; the next whole hour if the rule names hours but no minutes; the next second if
 * it counts seconds. The result is a local time, as for `start` of an include.
 */
export function impliedStart(rrule: string, nowMs: number, zone: string): Parsed<string> {
  const set = parseRrule(rrule)
  if (!set.ok) return set
  const { rules } = set.value
  const namesHourOnly = rules.some((rule) => rule.byHour !== undefined && rule.byMinute === undefined)
  const countsSeconds = rules.some((rule) => rule.frequency === 'SECONDLY')
  const grain = countsSeconds ? 1 : namesHourOnly ? 3600 : 60
  const local = localOf(openZone(zone), Math.ceil(nowMs / 1000))
  return parseWith('', () => formatLocalIso(Math.ceil(local / grain) * grain))
}
