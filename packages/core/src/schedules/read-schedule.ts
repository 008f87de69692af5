import type { ScheduleInput } from '@orrery/contract'
import { type Include, impliedStart, isZoneName, parseRrule, readPreset, type Schedule } from '@orrery/recurrence'

/**
 * The schedule as it is stored: text forms are expanded, the zone is filled in, and rules without a start get one, since otherwise INTERVAL
 * would drift and COUNT would never end. Cron expressions and intervals have no beginning, so a `count` over them begins now: occurrences
 * since 1900 would have used it up. `compileSchedule` finds errors.
 */
export function readSchedule(given: string | ScheduleInput, zone: string, nowMs: number): Schedule {
  const whole = (typeof given === 'string' ? { include: [readShort(given)] } : given) as Omit<Schedule, 'zone'> & { readonly zone?: string }
  const home = whole.zone ?? zone
  if (whole.start !== undefined) return { ...whole, zone: home }
  const include = whole.include.map((one) => withStart(one, home, nowMs))
  const isCountedFromNow = whole.count !== undefined && include.some(({ kind }) => kind === 'cron' || kind === 'interval')
  return { ...whole, zone: home, include, ...(isCountedFromNow ? { start: new Date(nowMs).toISOString() } : {}) }
}

const DATE = /^\d{4}-\d\d-\d\d/
const RULE = /^\s*(RRULE|DTSTART|RDATE|EXDATE|EXRULE)[:;]|FREQ=/i
const INTERVAL = /^every\s+(\S.*)$/i

/**
 * Parses a text form: an RRULE with or without property names, a time (once), `every 30m`, or a preset such as `quarterly`. Anything else
 * is read as a cron expression.
 */
function readShort(text: string): Include {
  if (RULE.test(text)) return { kind: 'rrule', rrule: text.trim() }
  if (DATE.test(text.trim())) return { kind: 'dates', dates: [text.trim()] }
  const preset = readPreset(text.trim())
  if (preset !== undefined) return { kind: 'rrule', rrule: preset }
  const every = INTERVAL.exec(text.trim())?.[1]
  return every === undefined ? { kind: 'cron', cron: text.trim() } : { kind: 'interval', every: every.trim() }
}

function withStart(include: Include, zone: string, nowMs: number): Include {
  if (include.kind !== 'rrule' || include.start !== undefined) return include
  const set = parseRrule(include.rrule)
  if (!set.ok || set.value.start !== undefined) return include
  const start = isZoneName(zone) ? impliedStart(include.rrule, nowMs, zone) : null
  return start?.ok ? { ...include, start: start.value } : include
}
