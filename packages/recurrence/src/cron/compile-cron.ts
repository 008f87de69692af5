import { dayOf, SECONDS_PER_DAY, YEAR_MIN } from '../gregorian.ts'
import { createDayPattern, type DayFacts } from '../pattern/day-pattern.ts'
import { elapsedInstants } from '../pattern/elapsed-instants.ts'
import { timesOnDays } from '../pattern/local-times.ts'
import { createTimesOfDay } from '../pattern/times-of-day.ts'
import { wallInstants } from '../pattern/wall-instants.ts'
import type { Compiled } from '../rrule/compile-rule.ts'
import type { DstPolicy } from '../zone/local-time.ts'
import type { Zone } from '../zone/zone.ts'
import type { Cron, CronMonthDay, CronWeekday } from './cron.ts'

// Cron expressions with specific hours mean local times, so the policy for clock changes applies. Those that allow every hour
// (`*/15 * * * *`) mean elapsed time: they continue through a repeated hour, and a skipped hour needs no replacement.
export function compileCron(cron: Cron, zone: Zone, policy: DstPolicy): Compiled {
  const days = createDayPattern((day) => matchesDay(cron, day))
  const times = createTimesOfDay(cron.hours, cron.minutes, cron.seconds)
  const start = dayOf(YEAR_MIN, 1, 1) * SECONDS_PER_DAY
  if (cron.hours.length === 24) {
    return { instants: elapsedInstants({ zone, days, times, anchor: start, period: 1, window: 1, start }, undefined), wall: undefined }
  }
  const wall = timesOnDays(days.next, times, start)
  return { instants: wallInstants(wall, zone, policy), wall: { times: wall, zone } }
}

function matchesDay({ months, monthDays, weekdays, either }: Cron, day: DayFacts): boolean {
  if (!months.includes(day.month)) return false
  const fitsMonth = monthDays.some((entry) => isMonthDay(entry, day))
  const fitsWeek = weekdays.some((entry) => isWeekday(entry, day))
  return either ? fitsMonth || fitsWeek : fitsMonth && fitsWeek
}

function isMonthDay(entry: CronMonthDay, { monthDay, monthLength, firstWeekday }: DayFacts): boolean {
  switch (entry.kind) {
    case 'day':
      return entry.day === monthDay
    case 'before-last':
      return monthDay === monthLength - entry.days
    case 'last-weekday':
      return monthDay === nearestWeekday(monthLength, monthLength, firstWeekday)
    case 'nearest-weekday':
      return entry.day <= monthLength && monthDay === nearestWeekday(entry.day, monthLength, firstWeekday)
  }
}

/** The nearest day from Monday to Friday: at most two days away, in the same month. */
function nearestWeekday(day: number, monthLength: number, firstWeekday: number): number {
  const weekday = (firstWeekday + day - 1) % 7
  if (weekday === 5) return day === 1 ? 3 : day - 1
  if (weekday === 6) return day === monthLength ? day - 2 : day + 1
  return day
}

function isWeekday({ weekday, nth }: CronWeekday, day: DayFacts): boolean {
  if (weekday !== day.weekday) return false
  if (nth === undefined) return true
  return nth === 'last' ? day.monthDay > day.monthLength - 7 : Math.ceil(day.monthDay / 7) === nth
}
