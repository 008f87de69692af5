import { compileCron } from '../cron/compile-cron.ts'
import { parseCron } from '../cron/parse-cron.ts'
import { clockMs, parseDuration } from '../duration.ts'
import { YEAR_MAX } from '../gregorian.ts'
import { fromList, type Instants, never } from '../instants.ts'
import { instantsOfMoment, parseMoment } from '../moment.ts'
import type { Issues } from '../parsing.ts'
import { compileRecurrence } from '../rrule/compile-recurrence.ts'
import type { Compiled } from '../rrule/compile-rule.ts'
import { parseRrule } from '../rrule/parse-rrule.ts'
import { stampOf } from '../rrule/stamp-of.ts'
import type { DstPolicy } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import type { Include } from './schedule.ts'

export interface IncludeContext {
  readonly zone: Zone
  readonly policy: DstPolicy
  /** The schedule's start, if it has one. */
  readonly start: string | undefined
  readonly issues: Issues
  readonly path: string
}

export interface CompiledInclude {
  readonly instants: Instants
  /** Its local times that a clock change can affect. */
  readonly walls: readonly NonNullable<Compiled['wall']>[]
  /** True if all instants come from `walls`. */
  readonly isOnWall: boolean
}

const nothing: CompiledInclude = { instants: never, walls: [], isOnWall: false }
const DATES_MAX = 10_000
const LAST_MS = Date.UTC(YEAR_MAX, 11, 31, 23, 59, 59, 999)

export function compileInclude(include: Include, context: IncludeContext): CompiledInclude {
  switch (include.kind) {
    case 'rrule':
      return compileRrule(include, context)
    case 'cron': {
      const cron = context.issues.take(`${context.path}.cron`, parseCron(include.cron))
      if (!cron) return nothing
      const { instants, wall } = compileCron(cron, context.zone, context.policy)
      return { instants, walls: wall ? [wall] : [], isOnWall: wall !== undefined }
    }
    case 'interval':
      return { instants: compileInterval(include, context), walls: [], isOnWall: false }
    case 'dates':
      return { instants: compileDates(include.dates, context), walls: [], isOnWall: false }
  }
}

function compileRrule(include: Extract<Include, { kind: 'rrule' }>, context: IncludeContext): CompiledInclude {
  const { issues, path, zone, policy } = context
  const set = issues.take(`${path}.rrule`, parseRrule(include.rrule))
  if (include.start !== undefined) issues.take(`${path}.start`, parseMoment(include.start))
  if (!set) return nothing
  const start = set.start ?? stampOf(include.start ?? context.start, zone)
  if (start) return compileRecurrence(set, start, zone, policy)
  if ((include.start ?? context.start) !== undefined) return nothing
  return issues.add(`${path}.start`, 'a rule counts from its start: add DTSTART, or a start to this rule or to the schedule') ?? nothing
}

function compileInterval(include: Extract<Include, { kind: 'interval' }>, { issues, path, zone, policy }: IncludeContext): Instants {
  const every = issues.take(`${path}.every`, parseDuration(include.every))
  const phase = include.phase === undefined ? undefined : issues.take(`${path}.phase`, parseDuration(include.phase))
  const anchor = include.anchor === undefined ? undefined : issues.take(`${path}.anchor`, parseMoment(include.anchor))
  if (!every) return never
  const everyMs = clockMs(every)
  if (everyMs < 1000) return issues.add(`${path}.every`, 'an interval must be at least one second') ?? never
  const [anchorMs = 0] = anchor ? instantsOfMoment(anchor, zone, { ...policy, gap: 'shift' }) : [0]
  const originMs = anchorMs + (phase ? clockMs(phase) : 0)
  return {
    next(afterMs) {
      const next = originMs + (Math.floor((afterMs - originMs) / everyMs) + 1) * everyMs
      return next > LAST_MS ? 'ended' : next
    },
  }
}

function compileDates(dates: readonly string[], { issues, path, zone, policy }: IncludeContext): Instants {
  if (dates.length > DATES_MAX) return issues.add(`${path}.dates`, `more than ${DATES_MAX} dates`) ?? never
  const moments = dates.map((date, at) => issues.take(`${path}.dates[${at}]`, parseMoment(date)))
  return fromList(moments.flatMap((moment) => (moment ? instantsOfMoment(moment, zone, policy) : [])))
}
