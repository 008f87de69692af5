import { findBusinessDay, isBusinessDay } from '../calendar/business-days.ts'
import { openTimes } from '../calendar/business-time.ts'
import type { CompiledCalendar } from '../calendar/compile-calendar.ts'
import { type Exclusion, excludeInstants, excludeRanges } from '../exclusion/exclude.ts'
import { SECONDS_PER_DAY } from '../gregorian.ts'
import { parseMoment, spanOfMoment } from '../moment.ts'
import { instantOf, localOf } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import { compileInclude, type IncludeContext } from './compile-include.ts'
import type { Exclude } from './schedule.ts'

/** Looks up a calendar; undefined after adding an issue. */
export type FindCalendar = (id: string, path: string) => CompiledCalendar | undefined

export function compileExclude(exclusion: Exclude, context: IncludeContext, findCalendar: FindCalendar): Exclusion[] {
  const { issues, path, zone } = context
  switch (exclusion.kind) {
    case 'range': {
      const from = issues.take(`${path}.from`, parseMoment(exclusion.from))
      const to = issues.take(`${path}.to`, parseMoment(exclusion.to))
      if (!from || !to) return []
      const range = { fromMs: spanOfMoment(from, zone).fromMs, toMs: spanOfMoment(to, zone).toMs }
      return range.toMs > range.fromMs ? [excludeRanges([range])] : (issues.add(`${path}.to`, 'the range ends before it starts') ?? [])
    }
    case 'calendar': {
      const calendar = findCalendar(exclusion.calendar, `${path}.calendar`)
      return calendar ? [excludeClosed(calendar, exclusion.closed ?? 'holidays', zone)] : []
    }
    case 'dates':
      // A date without a time excludes the whole day, not only its first instant.
      return [excludeDates(exclusion.dates, context), excludeInstants(compileInclude(exclusion, context).instants)]
    default:
      return [excludeInstants(compileInclude(exclusion, context).instants)]
  }
}

function excludeDates(dates: readonly string[], { zone }: IncludeContext): Exclusion {
  const days = dates
    .map(parseMoment)
    .flatMap((parsed) => (parsed.ok && parsed.value.kind === 'day' ? [spanOfMoment(parsed.value, zone)] : []))
  return excludeRanges(days)
}

function excludeClosed(calendar: CompiledCalendar, closed: 'holidays' | 'days' | 'hours', zone: Zone): Exclusion {
  const endOf = (day: number) => instantOf(zone, (day + 1) * SECONDS_PER_DAY) * 1000 - 1
  const dayAt = (ms: number) => Math.floor(localOf(zone, Math.floor(ms / 1000)) / SECONDS_PER_DAY)
  switch (closed) {
    case 'holidays':
      return { excludedUntil: (ms) => (calendar.planOf(dayAt(ms)).isHoliday ? endOf(dayAt(ms)) : undefined) }
    case 'days':
      return {
        excludedUntil(ms) {
          if (isBusinessDay(calendar, dayAt(ms))) return undefined
          const open = findBusinessDay(calendar, dayAt(ms), 1)
          return open === undefined ? Number.MAX_SAFE_INTEGER : endOf(open - 1)
        },
      }
    case 'hours':
      return {
        excludedUntil(ms) {
          for (const { fromMs } of openTimes(calendar, ms)) return fromMs === ms ? undefined : fromMs - 1
          return Number.MAX_SAFE_INTEGER
        },
      }
  }
}
