import { dateOf, SECONDS_PER_DAY, weekdayOf } from '../gregorian.ts'
import { isSubDaily, type Rule, type Stamp } from './rule.ts'

/**
 * The rule, completed from DTSTART: "FREQ=YEARLY;BYMONTH=1" takes its day and time from there (RFC 5545 3.3.10). Sub-daily rules keep their
 * times of day unset, because they run on from DTSTART by elapsed time.
 */
export function fillRule(rule: Rule, start: Stamp): Rule {
  const dated = fillDate(rule, start)
  if (isSubDaily(rule.frequency)) return dated
  // A DTSTART that is a date has no time, and BYHOUR, BYMINUTE and BYSECOND are ignored (RFC 5545 3.3.10).
  if (start.isDate) return { ...dated, byHour: [0], byMinute: [0], bySecond: [0] }
  const time = ((start.local % SECONDS_PER_DAY) + SECONDS_PER_DAY) % SECONDS_PER_DAY
  return {
    ...dated,
    byHour: rule.byHour ?? [Math.floor(time / 3600)],
    byMinute: rule.byMinute ?? [Math.floor(time / 60) % 60],
    bySecond: rule.bySecond ?? [time % 60],
  }
}

function fillDate(rule: Rule, start: Stamp): Rule {
  const startDay = Math.floor(start.local / SECONDS_PER_DAY)
  const { month, day } = dateOf(startDay)
  const weekday = [{ weekday: weekdayOf(startDay), nth: undefined }]
  const saysDay = rule.byYearDay ?? rule.byMonthDay ?? rule.byDay
  if (saysDay !== undefined) return rule
  if (rule.byWeekNumber) return { ...rule, byDay: weekday }
  switch (rule.frequency) {
    case 'YEARLY':
      return { ...rule, byMonth: rule.byMonth ?? [month], byMonthDay: [day] }
    case 'MONTHLY':
      return { ...rule, byMonthDay: [day] }
    case 'WEEKLY':
      return { ...rule, byDay: weekday }
    default:
      return rule
  }
}
