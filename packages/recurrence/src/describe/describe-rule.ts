import { fillRule } from '../rrule/fill-rule.ts'
import { isSubDaily, type RecurrenceSet, type Rule, type Stamp, type WeekdayNumber } from '../rrule/rule.ts'
import { describeHours, describeTimes, joinParts } from './describe-times.ts'
import {
  anyDay,
  formatLocal,
  joinWords,
  listMonths,
  listNumbers,
  listOrdinals,
  listWeekdays,
  ordinal,
  plural,
  weekdayWords,
} from './english.ts'

const units = { SECONDLY: 'second', MINUTELY: 'minute', HOURLY: 'hour', DAILY: 'day', WEEKLY: 'week', MONTHLY: 'month', YEARLY: 'year' }

/** A recurrence in words. With a known start, includes the parts that a rule takes from its start. */
export function describeRecurrence(set: RecurrenceSet, start: Stamp | undefined): string {
  const begin = set.start ?? start
  const rules = set.rules.map((rule) => describeRule(rule, begin))
  const dates = set.dates.length > 0 ? [`on ${describeStamps(set.dates)}`] : []
  const without = [
    ...set.exceptionRules.map((rule) => describeRule(rule, begin)),
    ...(set.exceptionDates.length > 0 ? [`on ${describeStamps(set.exceptionDates)}`] : []),
  ]
  return joinWords([...rules, ...dates]) + (without.length > 0 ? `, but not ${joinWords(without, 'or')}` : '')
}

function describeStamps(stamps: readonly Stamp[]): string {
  const shown = stamps.slice(0, 3).map(({ local, isDate }) => formatLocal(local, isDate))
  return joinWords(stamps.length > 3 ? [...shown, `${stamps.length - 3} more dates`] : shown)
}

function describeRule(written: Rule, start: Stamp | undefined): string {
  const rule = start ? fillRule(written, start) : written
  const unit = units[rule.frequency]
  return joinParts([
    describeCadence(rule, unit),
    rule.byMonth && `in ${listMonths(rule.byMonth)}`,
    rule.byWeekNumber && `in ${rule.byWeekNumber.length > 1 ? 'weeks' : 'week'} ${listNumbers(rule.byWeekNumber)}`,
    rule.byYearDay && `on ${listOrdinals(rule.byYearDay)} day of the year`,
    rule.byMonthDay && `on ${listOrdinals(rule.byMonthDay)} day of the month`,
    describeDays(rule),
    isSubDaily(rule.frequency) ? describeLimits(rule) : describeRuleTimes(rule),
    rule.bySetPosition && `(only ${listOrdinals(rule.bySetPosition)} of these in each ${unit})`,
    rule.skip === 'OMIT' ? undefined : `(or the day ${rule.skip === 'BACKWARD' ? 'before' : 'after'} if there is no such day)`,
    rule.count === undefined ? undefined : `${rule.count} ${rule.count === 1 ? 'time' : 'times'}`,
    rule.until && `until ${formatLocal(rule.until.local, rule.until.isDate)}${rule.until.zone === 'UTC' ? ' UTC' : ''}`,
  ])
}

/** Prefers `every Monday` to `every week on Monday`. */
function describeCadence(rule: Rule, unit: string): string {
  const isPlainWeekly = rule.frequency === 'WEEKLY' && rule.interval === 1 && rule.byDay !== undefined
  const words = isPlainWeekly ? describeWeekdays(rule.byDay ?? []) : plural(rule.interval, unit)
  return words === anyDay ? 'every day' : `every ${words}`
}

function describeDays(rule: Rule): string | undefined {
  if (!rule.byDay || (rule.frequency === 'WEEKLY' && rule.interval === 1)) return undefined
  const isLimit = rule.byMonthDay !== undefined || rule.byYearDay !== undefined
  const within = rule.frequency === 'MONTHLY' ? '' : rule.byMonth ? ' of the month' : ' of the year'
  const numbered = rule.byDay.filter(({ nth }) => nth !== undefined)
  const plain = rule.byDay.filter(({ nth }) => nth === undefined)
  const words = [
    ...(plain.length > 0 ? [describeWeekdays(plain)] : []),
    ...numbered.map(({ nth = 1, weekday }) => `the ${ordinal(nth)} ${weekdayWords[weekday]}${within}`),
  ]
  return isLimit ? `if that is ${joinWords(words, 'or')}` : `on ${joinWords(words)}`
}

function describeWeekdays(days: readonly WeekdayNumber[]): string {
  return listWeekdays(days.map(({ weekday }) => weekday))
}

function describeRuleTimes({ byHour, byMinute, bySecond }: Rule): string | undefined {
  if (byHour && byMinute && bySecond) return describeTimes(byHour, byMinute, bySecond)
  return describeLimits({ byHour, byMinute, bySecond })
}

function describeLimits({ byHour, byMinute, bySecond }: Pick<Rule, 'byHour' | 'byMinute' | 'bySecond'>): string | undefined {
  const parts = [
    bySecond && `at second ${listNumbers(bySecond)}`,
    byMinute && `at minute ${listNumbers(byMinute)}`,
    byHour && describeHours(byHour),
  ]
  return joinParts(parts) || undefined
}
