import { clockMs, parseDuration } from '@orrery/recurrence/duration'
import { typeError } from './expression-error.ts'

const DAY_MS = 86_400_000
const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z')
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** Parses an ISO 8601 time with a zone into milliseconds since 1970; null for anything else. */
export function readTime(text: string): number | null {
  if (text.length > 40 || !isDay(TIME.exec(text))) return null
  const ms = Date.parse(text.toUpperCase())
  return Number.isFinite(ms) ? ms : null
}

/** Parses a duration into milliseconds; null for anything else. */
export function readDuration(text: string): number | null {
  const parsed = parseDuration(text)
  return parsed.ok ? clockMs(parsed.value) : null
}

/** Moves a time by a duration, in UTC, or a date (`2026-11-05`) by whole days. Null if `time` is neither. A day is 24 hours. */
export function moveTime(time: string, ms: number): string | null {
  const isDate = time.length === 10 && isDay(DATE.exec(time))
  const from = isDate ? Date.parse(`${time}T00:00:00Z`) : readTime(time)
  if (from === null) return null
  if (isDate && ms % DAY_MS !== 0) throw typeError(`${time} is a date, so it can be moved only by whole days`)
  const text = formatTime(from + ms)
  return isDate ? text.slice(0, 10) : text
}

export const isTellable = (ms: number): boolean => ms >= FIRST_MS && ms <= LAST_MS

export function formatTime(ms: number): string {
  if (!isTellable(ms)) throw typeError('the time is outside the years 1 to 9999')
  return new Date(ms).toISOString()
}

/** Checked here because JavaScript reads 30 February as 2 March. */
function isDay(match: RegExpExecArray | null): boolean {
  if (match === null) return false
  const [year, month, day] = match.slice(1, 4).map(Number) as [number, number, number]
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()
}

const formats = new Map<string, Intl.DateTimeFormat>()
const FORMATS_MAX = 100

/** The calendar date in a time zone (IANA name), as `2026-11-05`. */
export function localDate(ms: number, timezone: string): string {
  const parts = new Map(
    formatFor(timezone)
      .formatToParts(new Date(ms))
      .map(({ type, value }) => [type, value]),
  )
  return `${parts.get('year')?.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`
}

/** Cached: creating a format takes longer than using it a hundred times. A cached format depends on the name alone. */
function formatFor(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone)
  if (known !== undefined) return known
  const format = makeFormat(timezone)
  if (formats.size >= FORMATS_MAX) formats.clear()
  formats.set(timezone, format)
  return format
}

function makeFormat(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, calendar: 'gregory', year: 'numeric', month: '2-digit', day: '2-digit' })
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw typeError(`${JSON.stringify(timeZone.slice(0, 64))} is not a time zone; an example is Europe/Berlin`)
  }
}
