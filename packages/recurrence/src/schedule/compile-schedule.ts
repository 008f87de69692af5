import type { CalendarSources } from '../calendar/calendar.ts'
import { type CompiledCalendar, compileCalendar } from '../calendar/compile-calendar.ts'
import { clockMs, parseDuration } from '../duration.ts'
import { exclude } from '../exclusion/exclude.ts'
import { YEAR_MAX, YEAR_MIN } from '../gregorian.ts'
import { first, type Instants, unite, within } from '../instants.ts'
import { parseMoment, spanOfMoment } from '../moment.ts'
import { type Checked, collectIssues, type Issues } from '../parsing.ts'
import { type DstPolicy, defaultDstPolicy } from '../zone/local-time.ts'
import { findZone, type Zone } from '../zone/zone.ts'
import { compileExclude, type FindCalendar } from './compile-exclude.ts'
import { type CompiledInclude, compileInclude } from './compile-include.ts'
import { rollInstants } from './roll-instants.ts'
import type { Schedule } from './schedule.ts'
import { scheduledLocalTimes } from './scheduled-local-times.ts'

/** A checked schedule that is ready for queries. Compile once and query often: results are cached. */
export interface CompiledSchedule {
  readonly schedule: Schedule
  readonly zone: Zone
  readonly policy: DstPolicy
  /** Nominal instants, after excludes, roll, start, end and count. */
  readonly instants: Instants
  readonly includes: readonly CompiledInclude[]
  readonly jitterMs: number
}

export interface ScheduleSources extends CalendarSources {
  /** Calendars that are already compiled and can be shared by many schedules. Queried before `calendars`. */
  readonly compiled?: (id: string) => CompiledCalendar | undefined
}

const PARTS_MAX = 100
const COUNT_MAX = 100_000

/** Reports all issues of the schedule at once, each with its path. The sources supply the calendars that it names. */
export function compileSchedule(schedule: Schedule, sources: ScheduleSources = {}): Checked<CompiledSchedule> {
  const issues = collectIssues()
  const zone = findZone(schedule.zone)
  if (!zone) return { ok: false, issues: [{ path: 'zone', message: `${JSON.stringify(schedule.zone)} is not an IANA time zone` }] }
  checkSizes(schedule, issues)
  const policy: DstPolicy = {
    gap: schedule.dst?.gap ?? defaultDstPolicy.gap,
    overlap: schedule.dst?.overlap ?? defaultDstPolicy.overlap,
  }
  const bounds = readBounds(schedule, zone, issues)
  const at = (path: string) => ({ zone, policy, start: schedule.start, issues, path })
  const includes = schedule.include.map((include, index) => compileInclude(include, at(`include[${index}]`)))
  const findCalendar = calendarFinder(sources, issues)
  const exclusions = (schedule.exclude ?? []).flatMap((one, index) => compileExclude(one, at(`exclude[${index}]`), findCalendar))
  const calendar = schedule.calendar && findCalendar(schedule.calendar.id, 'calendar.id')
  const roll = schedule.calendar?.roll ?? 'skip'
  const nominal = exclude(unite(includes.map(({ instants }) => instants)), exclusions)
  const localTimesOf = scheduledLocalTimes(includes, zone, policy)
  const rolled = calendar ? rollInstants(within(nominal, EARLIEST_MS, LATEST_MS), { calendar, roll, zone, policy, localTimesOf }) : nominal
  // An occurrence must not be moved to a time that is excluded.
  const allowed = calendar && roll !== 'skip' ? exclude(rolled, exclusions) : rolled
  const bounded = within(allowed, bounds.fromMs, bounds.toMs)
  const instants = schedule.count === undefined ? bounded : first(bounded, schedule.count)
  return issues.conclude({ schedule, zone, policy, instants, includes, jitterMs: readJitter(schedule, issues) })
}

const EARLIEST_MS = Date.UTC(YEAR_MIN, 0, 3)
const LATEST_MS = Date.UTC(YEAR_MAX, 11, 29)

interface Bounds {
  readonly fromMs: number
  readonly toMs: number
}

function readBounds(schedule: Schedule, zone: Zone, issues: Issues): Bounds {
  const start = schedule.start === undefined ? undefined : issues.take('start', parseMoment(schedule.start))
  const end = schedule.end === undefined ? undefined : issues.take('end', parseMoment(schedule.end))
  const fromMs = start ? spanOfMoment(start, zone).fromMs : EARLIEST_MS
  const endSpan = end && spanOfMoment(end, zone)
  // The end is inclusive: a day ends with its last millisecond.
  const toMs = endSpan ? Math.max(endSpan.fromMs, endSpan.toMs - 1) : LATEST_MS
  if (toMs < fromMs) issues.add('end', 'the end is before the start')
  return { fromMs, toMs }
}

function checkSizes(schedule: Schedule, issues: Issues): void {
  if (schedule.include.length === 0) issues.add('include', 'a schedule needs at least one rule, cron expression, interval or date')
  if (schedule.include.length > PARTS_MAX) issues.add('include', `there may be at most ${PARTS_MAX}`)
  if ((schedule.exclude?.length ?? 0) > PARTS_MAX) issues.add('exclude', `there may be at most ${PARTS_MAX}`)
  const { count } = schedule
  if (count !== undefined && !(Number.isInteger(count) && count >= 1 && count <= COUNT_MAX)) {
    issues.add('count', `count must be a whole number from 1 to ${COUNT_MAX}`)
  }
}

function calendarFinder(sources: ScheduleSources, issues: Issues): FindCalendar {
  const compiled = new Map<string, CompiledCalendar | undefined>()
  return (id, path) => {
    const ready = sources.compiled?.(id)
    if (ready) return ready
    if (compiled.has(id)) return compiled.get(id)
    const calendar = sources.calendars?.(id)
    if (!calendar) return issues.add(path, `there is no calendar ${JSON.stringify(id)}`)
    const checked = compileCalendar(calendar, sources)
    if (!checked.ok) for (const issue of checked.issues) issues.add(`${path}: ${issue.path}`, issue.message, issue.position)
    compiled.set(id, checked.ok ? checked.value : undefined)
    return compiled.get(id)
  }
}

function readJitter({ jitter }: Schedule, issues: Issues): number {
  const duration = jitter === undefined ? undefined : issues.take('jitter', parseDuration(jitter))
  return duration ? clockMs(duration) : 0
}
