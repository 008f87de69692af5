import { type Parsed, parseWith, quote, refuse } from '../parsing.ts'
import type { Cron, CronMonthDay, CronWeekday } from './cron.ts'
import { type Field, readField, readValue } from './read-field.ts'

const second: Field = { label: 'second', min: 0, max: 59 }
const minute: Field = { label: 'minute', min: 0, max: 59 }
const hour: Field = { label: 'hour', min: 0, max: 23 }
const monthDay: Field = { label: 'day of month', min: 1, max: 31 }
const monthNames = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const month: Field = { label: 'month', min: 1, max: 12, names: monthNames }
/** 0 and 7 both mean Sunday. */
const weekday: Field = { label: 'day of week', min: 0, max: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] }

const macros: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const CRON_LENGTH_MAX = 1_000

/**
 * A cron expression of five fields (minute, hour, day of month, month, day of week), or six with seconds in front, or a macro such as
 * `@daily`. Fields take numbers, ranges, lists and steps, and also names (`JAN`, `MON`), `?` for any day, `L` and `L-3` (days before the
 * last), `15W` and `LW` (nearest and last weekday), `5L` (the last Friday) and `5#2` (the second Friday).
 */
export function parseCron(text: string): Parsed<Cron> {
  return parseWith(text, () => parseFields(text), CRON_LENGTH_MAX)
}

function parseFields(text: string): Cron {
  if (text.startsWith('@')) {
    const macro = macros[text.toLowerCase()]
    return macro === undefined
      ? refuse(0, `there is no macro ${quote(text)}; the macros are ${Object.keys(macros).join(', ')}`)
      : parseFields(macro)
  }
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], position: match.index }))
  if (words.length < 5) refuse(text.length, `a cron expression has 5 fields, or 6 with seconds; this one has ${words.length}`)
  const extra = words[6]
  if (extra) refuse(extra.position, 'a cron expression has 5 fields, or 6 with seconds; this one has more')
  const fields = words.length === 6 ? words : [{ text: '0', position: 0 }, ...words]
  const wordAt = (index: number) => fields[index] ?? { text: '', position: text.length }
  const numbers = (index: number, field: Field) => {
    const word = wordAt(index)
    return ascending(readField<never>(word.text, word.position, field, () => undefined))
  }
  const monthDays = wordAt(3)
  const weekdays = wordAt(5)
  return {
    seconds: numbers(0, second),
    minutes: numbers(1, minute),
    hours: numbers(2, hour),
    months: numbers(4, month),
    monthDays: readMonthDays(anyDay(monthDays.text), monthDays.position),
    weekdays: readWeekdays(anyDay(weekdays.text), weekdays.position),
    either: !/^[*?]/.test(monthDays.text) && !/^[*?]/.test(weekdays.text),
  }
}

const anyDay = (text: string): string => (text === '?' ? '*' : text)

function readMonthDays(text: string, position: number): CronMonthDay[] {
  return readField<CronMonthDay>(text, position, monthDay, readSpecialMonthDay).map((entry) =>
    typeof entry === 'number' ? { kind: 'day', day: entry } : entry,
  )
}

function readSpecialMonthDay(text: string, position: number): CronMonthDay | undefined {
  const upper = text.toUpperCase()
  if (upper === 'L') return { kind: 'before-last', days: 0 }
  if (upper === 'LW') return { kind: 'last-weekday' }
  const before = /^L-(\d{1,2})$/.exec(upper)?.[1]
  if (before !== undefined) {
    return Number(before) <= 30 ? { kind: 'before-last', days: Number(before) } : refuse(position, 'L-n may be at most L-30')
  }
  const nearest = /^(\d{1,2})W$/.exec(upper)?.[1]
  return nearest === undefined ? undefined : { kind: 'nearest-weekday', day: readValue(nearest, position, monthDay) }
}

function readWeekdays(text: string, position: number): CronWeekday[] {
  return readField<CronWeekday>(text, position, weekday, readSpecialWeekday).map((entry) =>
    typeof entry === 'number' ? { weekday: fromSunday(entry), nth: undefined } : entry,
  )
}

function readSpecialWeekday(text: string, position: number): CronWeekday | undefined {
  if (text.toUpperCase() === 'L') refuse(position, 'L alone is not a weekday; write 5L for the last Friday of the month')
  const match = /^([0-7]|[A-Z]{3})(?:L|#(\d|L))$/i.exec(text)
  if (!match) return undefined
  const day = fromSunday(readValue(match[1] ?? '', position, weekday))
  if (match[2] === undefined || match[2].toUpperCase() === 'L') return { weekday: day, nth: 'last' }
  const nth = Number(match[2])
  return nth >= 1 && nth <= 5 ? { weekday: day, nth } : refuse(position + text.length - 1, `the number after # is from 1 to 5, not ${nth}`)
}

/** From Sunday = 0 or 7 to Monday = 0. */
const fromSunday = (value: number): number => (value + 6) % 7

function ascending(list: readonly number[]): number[] {
  return [...new Set(list)].sort((a, b) => a - b)
}
