import { parseCron } from '../cron/parse-cron.ts'
import { SECONDS_PER_DAY } from '../gregorian.ts'
import { parseMoment } from '../moment.ts'
import { parseRrule } from '../rrule/parse-rrule.ts'
import { stampOf } from '../rrule/stamp-of.ts'
import type { Exclude, Include, Schedule } from '../schedule/schedule.ts'
import { describeCron } from './describe-cron.ts'
import { describeRecurrence } from './describe-rule.ts'
import { formatLocal, joinWords } from './english.ts'

/** A schedule in one English sentence. Malformed texts in it are quoted as written. */
export function describeSchedule(schedule: Schedule): string {
  const includes = schedule.include.map((include) => describeInclude(include, schedule.start))
  const excludes = (schedule.exclude ?? []).map((exclude) => describeExclude(exclude, schedule.start))
  const parts = [
    `${joinWords(includes)} (${schedule.zone})`,
    excludes.length > 0 ? `but not ${joinWords(excludes, 'or')}` : undefined,
    schedule.calendar && describeRoll(schedule.calendar),
    schedule.start && `from ${describeMoment(schedule.start)}`,
    schedule.end && `until ${describeMoment(schedule.end)}`,
    schedule.count === undefined ? undefined : `at most ${schedule.count} ${schedule.count === 1 ? 'time' : 'times'}`,
    schedule.jitter && `up to ${schedule.jitter} later`,
  ]
  const sentence = parts.filter((part) => part !== undefined && part !== '').join(', ')
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}`
}

function describeInclude(include: Include, scheduleStart: string | undefined): string {
  switch (include.kind) {
    case 'rrule': {
      const set = parseRrule(include.rrule)
      return set.ok ? describeRecurrence(set.value, stampOf(include.start ?? scheduleStart, undefined)) : JSON.stringify(include.rrule)
    }
    case 'cron': {
      const cron = parseCron(include.cron)
      return cron.ok ? describeCron(cron.value) : JSON.stringify(include.cron)
    }
    case 'interval':
      return `every ${include.every}${include.phase ? `, ${include.phase} past` : ''}${include.anchor ? ` counted from ${describeMoment(include.anchor)}` : ''}`
    case 'dates':
      return `on ${describeDates(include.dates)}`
  }
}

function describeExclude(exclude: Exclude, scheduleStart: string | undefined): string {
  switch (exclude.kind) {
    case 'range':
      return `from ${describeMoment(exclude.from)} to ${describeMoment(exclude.to)}`
    case 'calendar': {
      const what = { holidays: 'on holidays of', days: 'on days without business in', hours: 'outside the hours of' }
      return `${what[exclude.closed ?? 'holidays']} the calendar ${exclude.calendar}`
    }
    default:
      return describeInclude(exclude, scheduleStart)
  }
}

function describeRoll({ id, roll }: NonNullable<Schedule['calendar']>): string {
  const words = {
    skip: 'only on business days',
    next: 'moved to the next business day',
    previous: 'moved to the business day before',
    'modified-following': 'moved to the next business day, or the one before if that is in another month,',
  }
  return `${words[roll]} in the calendar ${id}`
}

function describeDates(dates: readonly string[]): string {
  const shown = dates.slice(0, 3).map(describeMoment)
  return joinWords(dates.length > 3 ? [...shown, `${dates.length - 3} more dates`] : shown)
}

function describeMoment(text: string): string {
  const parsed = parseMoment(text)
  if (!parsed.ok) return JSON.stringify(text)
  const { value } = parsed
  switch (value.kind) {
    case 'instant':
      return `${formatLocal(Math.floor(value.ms / 1000), false)} UTC`
    case 'local':
      return formatLocal(Math.floor(value.localMs / 1000), false)
    case 'day':
      return formatLocal(value.day * SECONDS_PER_DAY, true)
  }
}
