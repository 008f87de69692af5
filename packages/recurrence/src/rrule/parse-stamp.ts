import { dayOf, isDate, SECONDS_PER_DAY, YEAR_MAX, YEAR_MIN } from '../gregorian.ts'
import { quote, refuse } from '../parsing.ts'
import type { Stamp } from './rule.ts'

const form = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?$/

/** Parses `19970902`, `19970902T090000` or `19970902T090000Z` (RFC 5545 3.3.4, 3.3.5). `position` is its offset in the whole text. */
export function parseStamp(text: string, position: number, zone?: Stamp['zone']): Stamp {
  const match = form.exec(text)
  if (!match) refuse(position, `${quote(text)} is not a date or date-time such as 19970902, 19970902T090000 or 19970902T090000Z`)
  const [, year, month, day, hour, minute, second, utc] = match
  if (Number(year) < YEAR_MIN || Number(year) > YEAR_MAX) refuse(position, `the year ${year} is not from ${YEAR_MIN} to ${YEAR_MAX}`)
  if (!isDate(Number(year), Number(month), Number(day))) refuse(position, `there is no day ${year}-${month}-${day}`)
  const midnight = dayOf(Number(year), Number(month), Number(day)) * SECONDS_PER_DAY
  if (hour === undefined) return { local: midnight, isDate: true, zone }
  if (Number(hour) > 23) refuse(position + 9, `the hour ${hour} is more than 23`)
  if (Number(minute) > 59) refuse(position + 11, `the minute ${minute} is more than 59`)
  if (Number(second) > 60) refuse(position + 13, `the second ${second} is more than 60`)
  if (utc && zone !== undefined) refuse(position + 15, 'a time with Z is in UTC and cannot have a TZID')
  // Leap seconds are not counted: the 60th second becomes the 59th (RFC 5545 3.3.5).
  const time = Number(hour) * 3600 + Number(minute) * 60 + Math.min(59, Number(second))
  return { local: midnight + time, isDate: false, zone: utc ? 'UTC' : zone }
}
