import type { Cron, CronMonthDay, CronWeekday } from '../cron/cron.ts'
import { describeTimes, describeWithinHour, joinParts } from './describe-times.ts'
import { joinWords, listMonths, listOrdinals, listWeekdays, ordinal, weekdayWords } from './english.ts'

/** A cron expression in words. */
export function describeCron(cron: Cron): string {
  const isEveryHour = cron.hours.length === 24
  return joinParts([
    isEveryHour ? describeEveryHour(cron) : describeTimes(cron.hours, cron.minutes, cron.seconds),
    describeDays(cron),
    cron.months.length === 12 ? undefined : `in ${listMonths(cron.months)}`,
  ])
}

function describeEveryHour({ minutes, seconds }: Cron): string {
  const within = describeWithinHour(minutes, seconds)
  return /(?:^|, )at minute/.test(within) ? `${within} of every hour` : within
}

function describeDays(cron: Cron): string {
  const ofMonth = isEveryMonthDay(cron.monthDays) ? undefined : describeMonthDays(cron.monthDays)
  const ofWeek = isEveryWeekday(cron.weekdays) ? undefined : describeWeekdays(cron.weekdays)
  const isEveryDay = cron.either ? !ofMonth || !ofWeek : !ofMonth && !ofWeek
  // "every 15 minutes" needs no day, but "at 09:00" does.
  if (isEveryDay) return cron.hours.length === 24 ? '' : 'every day'
  if (ofMonth && ofWeek) return cron.either ? `on ${ofMonth} or on ${ofWeek}` : `on ${ofMonth} if that is ${ofWeek}`
  return `on ${ofMonth ?? ofWeek}`
}

const isEveryMonthDay = (days: readonly CronMonthDay[]): boolean =>
  new Set(days.flatMap((day) => (day.kind === 'day' ? [day.day] : []))).size === 31
const isEveryWeekday = (days: readonly CronWeekday[]): boolean =>
  new Set(days.filter(({ nth }) => nth === undefined).map(({ weekday }) => weekday)).size === 7

function describeMonthDays(days: readonly CronMonthDay[]): string {
  const numbers = days.flatMap((day) => (day.kind === 'day' ? [day.day] : []))
  const special = days.flatMap((day) => (day.kind === 'day' ? [] : [describeSpecial(day)]))
  const named = numbers.length > 0 ? [`${listOrdinals([...new Set(numbers)].sort((a, b) => a - b))} day of the month`] : []
  return joinWords([...named, ...special])
}

function describeSpecial(day: Exclude<CronMonthDay, { kind: 'day' }>): string {
  switch (day.kind) {
    case 'before-last':
      return `the ${ordinal(-day.days - 1)} day of the month`
    case 'last-weekday':
      return 'the last weekday (Monday to Friday) of the month'
    case 'nearest-weekday':
      return `the weekday (Monday to Friday) nearest to the ${ordinal(day.day)}`
  }
}

function describeWeekdays(days: readonly CronWeekday[]): string {
  const plain = days.filter(({ nth }) => nth === undefined).map(({ weekday }) => weekday)
  const numbered = days.flatMap(({ weekday, nth }) =>
    nth === undefined ? [] : [`the ${nth === 'last' ? 'last' : ordinal(nth)} ${weekdayWords[weekday]} of the month`],
  )
  return joinWords([...(plain.length > 0 ? [listWeekdays(plain)] : []), ...numbered])
}
