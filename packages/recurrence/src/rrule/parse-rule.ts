/** Parses the value of an RRULE strictly: refuses everything that RFC 5545 3.3.10 and RFC 7529 do not allow, with its position. */
import { quote, refuse } from '../parsing.ts'
import { checkRule } from './check-rule.ts'
import { parseStamp } from './parse-stamp.ts'
import type { Part, Parts } from './parts.ts'
import { frequencies, type Rule, type Skip, type WeekdayNumber } from './rule.ts'

const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU']
const skips: readonly Skip[] = ['OMIT', 'BACKWARD', 'FORWARD']
/** All values of every part together take about 4,000 characters. */
const RULE_LENGTH_MAX = 5_000
/** An interval of 30 years in seconds. */
const INTERVAL_MAX = 1_000_000_000
/** Bounded because the last occurrence is found by walking there once. */
const COUNT_MAX = 100_000

export function parseRule(text: string, position: number): Rule {
  const parts = splitParts(text, position)
  const frequency = readFrequency(parts, position)
  const rule: Rule = {
    frequency,
    interval: readNumber(parts.get('INTERVAL'), INTERVAL_MAX) ?? 1,
    count: readNumber(parts.get('COUNT'), COUNT_MAX),
    until: readUntil(parts.get('UNTIL')),
    // Leap seconds are not counted, so the 60th second becomes the 59th.
    bySecond: ascending(readList(parts.get('BYSECOND'), 0, 60)?.map((second) => Math.min(second, 59))),
    byMinute: ascending(readList(parts.get('BYMINUTE'), 0, 59)),
    byHour: ascending(readList(parts.get('BYHOUR'), 0, 23)),
    byDay: readWeekdays(parts.get('BYDAY')),
    byMonthDay: ascending(readSigned(parts.get('BYMONTHDAY'), 31, 2)),
    byYearDay: ascending(readSigned(parts.get('BYYEARDAY'), 366, 3)),
    byWeekNumber: ascending(readSigned(parts.get('BYWEEKNO'), 53, 2)),
    byMonth: ascending(readMonths(parts.get('BYMONTH'))),
    bySetPosition: ascending(readSigned(parts.get('BYSETPOS'), 366, 3)),
    weekStart: readWeekStart(parts.get('WKST')),
    skip: readSkip(parts),
  }
  checkRule(rule, parts)
  return rule
}

const known = new Set([
  ...['FREQ', 'UNTIL', 'COUNT', 'INTERVAL', 'BYSECOND', 'BYMINUTE', 'BYHOUR', 'BYDAY', 'BYMONTHDAY', 'BYYEARDAY'],
  ...['BYWEEKNO', 'BYMONTH', 'BYSETPOS', 'WKST', 'RSCALE', 'SKIP'],
])

function splitParts(text: string, position: number): Parts {
  if (text.length > RULE_LENGTH_MAX) refuse(position + RULE_LENGTH_MAX, `a rule may be at most ${RULE_LENGTH_MAX} characters long`)
  const parts = new Map<string, Part>()
  let at = position
  for (const piece of text.split(';')) {
    const equals = piece.indexOf('=')
    if (piece === '') refuse(at, 'the rule has an empty part: check its semicolons')
    if (equals < 0) refuse(at, `${quote(piece)} is not a part of a rule such as FREQ=DAILY`)
    const name = piece.slice(0, equals).toUpperCase()
    if (!known.has(name)) refuse(at, `a rule has no part ${quote(piece.slice(0, equals))}`)
    if (parts.has(name)) refuse(at, `${name} is given twice`)
    const value = piece.slice(equals + 1).toUpperCase()
    if (value === '') refuse(at + equals + 1, `${name} has no value`)
    parts.set(name, { name, value, namePosition: at, position: at + equals + 1 })
    at += piece.length + 1
  }
  return parts
}

function readFrequency(parts: Parts, position: number): Rule['frequency'] {
  const part = parts.get('FREQ')
  if (!part) refuse(position, 'a rule needs FREQ')
  const frequency = frequencies.find((one) => one === part.value)
  return frequency ?? refuse(part.position, `FREQ must be one of ${frequencies.join(', ')}, not ${quote(part.value)}`)
}

function readNumber(part: Part | undefined, max: number): number | undefined {
  if (!part) return undefined
  if (!/^\d+$/.test(part.value)) refuse(part.position, `${part.name} must be a whole number, not ${quote(part.value)}`)
  const value = Number(part.value)
  if (value < 1 || value > max) refuse(part.position, `${part.name} must be from 1 to ${max}, not ${part.value}`)
  return value
}

function readUntil(part: Part | undefined): Rule['until'] {
  return part && parseStamp(part.value, part.position)
}

function readList(part: Part | undefined, min: number, max: number): number[] | undefined {
  return (
    part &&
    readEach(part, (text, at) => {
      if (!/^\d{1,2}$/.test(text)) refuse(at, `${part.name} lists whole numbers, not ${quote(text)}`)
      if (Number(text) < min || Number(text) > max) refuse(at, `${part.name} must be from ${min} to ${max}, not ${text}`)
      return Number(text)
    })
  )
}

function readSigned(part: Part | undefined, max: number, digits: number): number[] | undefined {
  return (
    part &&
    readEach(part, (text, at) => {
      const match = /^[+-]?(\d+)$/.exec(text)
      if (!match) refuse(at, `${part.name} lists whole numbers, not ${quote(text)}`)
      const size = Number(match[1])
      if (size < 1 || size > max || (match[1]?.length ?? 0) > digits)
        refuse(at, `${part.name} must be from 1 to ${max} or -${max} to -1, not ${text}`)
      return text.startsWith('-') ? -size : size
    })
  )
}

/** RFC 7529 writes leap months as `5L`; the Gregorian calendar has none. */
function readMonths(part: Part | undefined): number[] | undefined {
  const leap = part && /\d+L/.exec(part.value)
  if (part && leap) refuse(part.position + leap.index, `the Gregorian calendar has no leap month ${leap[0]}`)
  return readList(part, 1, 12)
}

function readWeekdays(part: Part | undefined): WeekdayNumber[] | undefined {
  return (
    part &&
    readEach(part, (text, at) => {
      const match = /^(?:[+-]?(\d{1,2}))?([A-Z]{2})$/.exec(text)
      const weekday = weekdays.indexOf(match?.[2] ?? '')
      if (!match || weekday < 0) refuse(at, `BYDAY lists weekdays such as MO, 1MO or -1MO, not ${quote(text)}`)
      if (match[1] === undefined) return { weekday, nth: undefined }
      const nth = Number(match[1])
      if (nth < 1 || nth > 53) refuse(at, `the number of a weekday must be from 1 to 53 or -53 to -1, not ${quote(text)}`)
      return { weekday, nth: text.startsWith('-') ? -nth : nth }
    })
  )
}

function readWeekStart(part: Part | undefined): number {
  if (!part) return 0
  const weekday = weekdays.indexOf(part.value)
  return weekday < 0 ? refuse(part.position, `WKST must be one of ${weekdays.join(', ')}, not ${quote(part.value)}`) : weekday
}

function readSkip(parts: Parts): Skip {
  const scale = parts.get('RSCALE')
  if (scale && scale.value !== 'GREGORIAN') {
    refuse(scale.position, `RSCALE=${scale.value} is not supported: only GREGORIAN is`)
  }
  const part = parts.get('SKIP')
  if (!part) return 'OMIT'
  if (!scale) refuse(part.namePosition, 'SKIP is allowed only together with RSCALE (RFC 7529 4.1)')
  return (
    skips.find((skip) => skip === part.value) ?? refuse(part.position, `SKIP must be one of ${skips.join(', ')}, not ${quote(part.value)}`)
  )
}

function readEach<T>(part: Part, read: (text: string, position: number) => T): T[] {
  let at = part.position
  return part.value.split(',').map((text) => {
    const position = at
    at += text.length + 1
    if (text === '') refuse(position, `${part.name} has an empty entry`)
    return read(text, position)
  })
}

function ascending(list: readonly number[] | undefined): number[] | undefined {
  return list && [...new Set(list)].sort((a, b) => a - b)
}
