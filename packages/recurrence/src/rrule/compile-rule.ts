import { SECONDS_PER_DAY, yearOf } from '../gregorian.ts'
import { first, type Instants, within } from '../instants.ts'
import { createDayPattern, type DayPattern } from '../pattern/day-pattern.ts'
import { elapsedInstants } from '../pattern/elapsed-instants.ts'
import { type Choice, chosenTimes, type LocalTimes, timesOnDays } from '../pattern/local-times.ts'
import { allHours, allMinutes, allSeconds, createTimesOfDay, type TimesOfDay } from '../pattern/times-of-day.ts'
import type { Elapsed } from '../pattern/walk-elapsed.ts'
import { wallInstants } from '../pattern/wall-instants.ts'
import { type DstPolicy, instantOf, resolveLocal } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import { fillRule } from './fill-rule.ts'
import { matchDay } from './match-day.ts'
import { daysAtMost, type Periods, periodsOf, stepsAtMost } from './periods.ts'
import { isSubDaily, type Rule, type Stamp } from './rule.ts'
import { movedDays, movesDates } from './skipped-days.ts'

/** The instants of a recurrence and, for rules with local times, those times before clock changes are applied. */
export interface Compiled {
  readonly instants: Instants
  readonly wall: { readonly times: LocalTimes; readonly zone: Zone } | undefined
}

export function compileRule(written: Rule, start: Stamp, zone: Zone, policy: DstPolicy): Compiled {
  const rule = fillRule(written, start)
  const [startSecond = 0] = resolveLocal(zone, start.local, { gap: 'shift', overlap: 'first' })
  const times = isSubDaily(rule.frequency) ? undefined : localTimes(rule, start.local)
  const instants = times ? wallInstants(times, zone, policy) : elapsedInstants(elapsed(rule, start, startSecond, zone), rule.bySetPosition)
  // If the clocks jump over the start, this is the moment of the jump: with 'first-valid' the first occurrence is there.
  const fromMs = Math.min(startSecond, instantOf(zone, start.local)) * 1000
  const bounded = within(instants, fromMs, untilMs(rule.until, zone))
  return { instants: rule.count === undefined ? bounded : first(bounded, rule.count), wall: times && { times, zone } }
}

function localTimes(rule: Rule, startLocal: number): LocalTimes {
  const times = createTimesOfDay(rule.byHour ?? [], rule.byMinute ?? [], rule.bySecond ?? [])
  const periods = periodsOf(rule)
  const pattern = createDayPattern(matchDay(rule), rule.weekStart)
  const firstIndex = firstIndexOf(rule, pattern, periods, Math.floor(startLocal / SECONDS_PER_DAY))
  if (rule.bySetPosition === undefined && !movesDates(rule)) {
    return timesOnDays(daysAtInterval(pattern, periods, rule.interval, firstIndex), times, startLocal)
  }
  // Positions that are impossible are detected here, without searching 400 years for them.
  const most = daysAtMost(rule) * times.size
  if (rule.bySetPosition?.every((position) => Math.abs(position) > most)) return { next: () => undefined }
  return chosenTimes({
    ...(movesDates(rule) ? movedPeriods(rule) : patternPeriods(pattern, periods)),
    times,
    positions: rule.bySetPosition,
    indexOf: periods.indexOf,
    firstIndex,
    interval: rule.interval,
    stepsMax: stepsAtMost(periods.cycle, rule.interval),
    startLocal,
  })
}

const movedPeriods = (rule: Rule): Pick<Choice, 'daysOf' | 'nextPeriod'> => ({
  daysOf: (index) => movedDays(rule, index),
  nextPeriod: (index) => index,
})

function patternPeriods(pattern: DayPattern, periods: Periods): Pick<Choice, 'daysOf' | 'nextPeriod'> {
  return {
    daysOf(index) {
      const end = periods.startOf(index + 1)
      const days: number[] = []
      for (let day = pattern.next(periods.startOf(index)); day !== undefined && day < end; day = pattern.next(day + 1)) days.push(day)
      return days
    },
    nextPeriod(index) {
      const day = pattern.next(periods.startOf(index))
      return day === undefined ? undefined : periods.indexOf(day)
    },
  }
}

/**
 * The period that INTERVAL counts from: that of DTSTART. If the rule does not match DTSTART, its calendar year counts, not the year of its
 * week.
 */
function firstIndexOf(rule: Rule, pattern: DayPattern, periods: Periods, startDay: number): number {
  return rule.byWeekNumber && !pattern.has(startDay) ? yearOf(startDay) : periods.indexOf(startDay)
}

function daysAtInterval(pattern: DayPattern, periods: Periods, interval: number, firstIndex: number): DayPattern['next'] {
  if (interval === 1) return pattern.next
  const stepsMax = stepsAtMost(periods.cycle, interval)
  return (from) => {
    let day = pattern.next(from)
    for (let step = 0; day !== undefined && step <= stepsMax; step++) {
      const index = periods.indexOf(day)
      const beyond = (((index - firstIndex) % interval) + interval) % interval
      if (beyond === 0) return day
      day = pattern.next(periods.startOf(index + interval - beyond))
    }
    return undefined
  }
}

/** A sub-daily rule as `Elapsed`: minutes and seconds that the rule does not set follow the start by elapsed time. */
function elapsed(rule: Rule, start: Stamp, startSecond: number, zone: Zone): Elapsed {
  const saysDay = rule.byMonth ?? rule.byYearDay ?? rule.byMonthDay ?? rule.byDay
  const days = saysDay === undefined ? undefined : createDayPattern(matchDay(rule))
  const unit = rule.frequency === 'HOURLY' ? 3600 : rule.frequency === 'MINUTELY' ? 60 : 1
  const window = rule.frequency === 'HOURLY' && rule.byMinute ? 3600 : rule.frequency !== 'SECONDLY' && rule.bySecond ? 60 : 1
  const anchor = startSecond - (((start.local % window) + window) % window)
  return { zone, days, times: elapsedTimes(rule, start), anchor, period: rule.interval * unit, window, start: startSecond }
}

function elapsedTimes(rule: Rule, start: Stamp): TimesOfDay | undefined {
  if (start.isDate || !(rule.byHour ?? rule.byMinute ?? rule.bySecond)) return undefined
  // A rule that chooses minutes within an hour takes the second from DTSTART.
  const startSeconds = rule.frequency === 'HOURLY' && rule.byMinute ? [((start.local % 60) + 60) % 60] : allSeconds
  return createTimesOfDay(rule.byHour ?? allHours, rule.byMinute ?? allMinutes, rule.bySecond ?? startSeconds)
}

/** UNTIL is inclusive: a date includes its day, and a local time that occurs twice includes both. */
function untilMs(until: Stamp | undefined, zone: Zone): number {
  if (!until) return Number.POSITIVE_INFINITY
  if (until.zone === 'UTC') return until.local * 1000
  if (until.isDate) return instantOf(zone, until.local + SECONDS_PER_DAY) * 1000 - 1
  return (resolveLocal(zone, until.local, { gap: 'shift', overlap: 'second' })[0] ?? until.local) * 1000
}
