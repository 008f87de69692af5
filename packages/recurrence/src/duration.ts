/**
 * The only duration grammar: `30m`, `1h30m`, `1.5h`, `500ms`, or ISO 8601 `P3D`, `PT30M`, `P1DT12H`, `P2W`.
 * This file becomes part of workflow bundles, so it imports nothing but the parsing helpers.
 */
import { type Parsed, parseWith, quote, refuse } from './parsing.ts'

/** A duration as users write it. */
export type Duration = string

/**
 * Days and weeks are separate from the time, because on a business calendar `P1D` is a business day and `PT24H` is 24 hours of business.
 * Without a calendar a day has 24 hours.
 */
export interface DurationParts {
  readonly weeks: number
  readonly days: number
  /** The sum of hours, minutes, seconds and milliseconds. */
  readonly timeMs: number
}

const MILLISECONDS_PER_DAY = 86_400_000
const DURATION_LENGTH_MAX = 64
/** About 3,000 years: an instant plus such a duration is still a valid date. */
const DURATION_MS_MAX = 1e14

interface Unit {
  readonly name: string
  readonly ms: number
  readonly kind: 'weeks' | 'days' | 'time'
}

const shortUnits: readonly Unit[] = [
  { name: 'w', ms: 7 * MILLISECONDS_PER_DAY, kind: 'weeks' },
  { name: 'd', ms: MILLISECONDS_PER_DAY, kind: 'days' },
  { name: 'h', ms: 3_600_000, kind: 'time' },
  { name: 'm', ms: 60_000, kind: 'time' },
  { name: 's', ms: 1000, kind: 'time' },
  { name: 'ms', ms: 1, kind: 'time' },
]
const isoUnits = shortUnits.slice(0, 5).map((unit) => ({ ...unit, name: unit.name.toUpperCase() }))

/** Refuses a bare number, whose unit is unknown, and months and years, which have no fixed length. */
export function parseDuration(text: string): Parsed<DurationParts> {
  return parseWith(text, () => (text.startsWith('P') ? parseIso(text) : parseShort(text)), DURATION_LENGTH_MAX)
}

/**
 * The milliseconds of a duration, with days of 24 hours.
 * @param what the name of the option, for the message. @throws TypeError that says what to write instead
 */
export function parseDurationMs(text: unknown, what = 'duration'): number {
  if (typeof text !== 'string' && typeof text !== 'number') {
    throw new TypeError(`${what} must be a string like '30m' or 'PT30M', got ${typeof text}`)
  }
  const parsed = parseDuration(String(text))
  if (!parsed.ok) throw new TypeError(`${what}: ${parsed.problem.message}`)
  return clockMs(parsed.value)
}

/** The shortest text that parses to the same number of milliseconds: `5400000` becomes `1h30m`. @throws TypeError */
export function formatDuration(ms: number): Duration {
  if (!Number.isInteger(ms) || ms < 0) throw new TypeError(`a duration is a whole number of milliseconds, got ${ms}`)
  let rest = ms
  let text = ''
  for (const { name, ms: size } of shortUnits) {
    // Weeks only if nothing remains: `10d` reads better than `1w3d`.
    if (name === 'w' && rest % size !== 0) continue
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${name}`
    rest -= count * size
  }
  return text === '' ? '0s' : text
}

/** Milliseconds, with days of 24 hours. Rounded: 0.009 times a day is not a whole number. */
export const clockMs = ({ weeks, days, timeMs }: DurationParts): number => Math.round((weeks * 7 + days) * MILLISECONDS_PER_DAY) + timeMs

function parseShort(text: string): DurationParts {
  if (/^[\d.]+$/.test(text)) refuse(text.length, `${quote(text)} has no unit; write ${text}s or ${text}m, for example`)
  if (text === '') refuse(0, 'an empty text is not a duration; write 30m, 1h30m or PT30M')
  return sum(readQuantities(text, 0, text.length, shortUnits))
}

function parseIso(text: string): DurationParts {
  const timeAt = text.indexOf('T')
  const dateEnd = timeAt < 0 ? text.length : timeAt
  const [week, day, ...time] = isoUnits
  const dates = readQuantities(text, 1, dateEnd, week && day ? [week, day] : [])
  const times = timeAt < 0 ? [] : readQuantities(text, timeAt + 1, text.length, time)
  if (timeAt >= 0 && times.length === 0) refuse(text.length, 'there is nothing after the T')
  if (dates.length + times.length === 0) refuse(text.length, 'there is nothing after the P')
  return sum([...dates, ...times])
}

interface Quantity {
  readonly amount: number
  readonly unit: Unit
  readonly position: number
}

/** Accepts each unit at most once, from the largest to the smallest, to catch typing errors. */
function readQuantities(text: string, from: number, to: number, units: readonly Unit[]): Quantity[] {
  const quantities: Quantity[] = []
  const part = text.slice(0, to)
  const pattern = /(\d+(?:\.\d+)?)([A-Za-z]+)/y
  let next = 0
  for (let at = from; at < to; ) {
    pattern.lastIndex = at
    const match = pattern.exec(part)
    if (!match) refuse(at, `${quote(text)} is not a duration; write 30m, 1h30m, 2d or PT30M`)
    const [, amount = '', name = ''] = match
    const index = units.findIndex((unit) => unit.name === name)
    const unit = units[index]
    const position = at + amount.length
    if (!unit) refuse(position, explainUnknownUnit(name, units))
    if (index < next)
      refuse(position, `${name} comes after a smaller unit or twice: write each unit once, from the largest to the smallest`)
    quantities.push({ amount: Number(amount), unit, position: at })
    next = index + 1
    at = pattern.lastIndex
  }
  return quantities
}

function explainUnknownUnit(name: string, units: readonly Unit[]): string {
  if (/^(?:Y|y|M|mo|y(?:ea)?rs?|months?)$/.test(name) && units.length !== 3) return `${quote(name)}: months and years have no fixed length`
  return `${quote(name)} is not a unit here; the units are ${units.map((unit) => unit.name).join(', ')}`
}

function sum(quantities: readonly Quantity[]): DurationParts {
  const total = { weeks: 0, days: 0, time: 0 }
  for (const { amount, unit, position } of quantities) {
    const ms = amount * unit.ms
    // A fraction must be a whole number of milliseconds: 0.0001s is a mistake.
    if (Math.abs(Math.round(ms) - ms) > 1e-6 * Math.max(1, ms)) refuse(position, 'this is not a whole number of milliseconds')
    if (unit.kind === 'time') total.time += Math.round(ms)
    else total[unit.kind] += amount
  }
  const duration = { weeks: total.weeks, days: total.days, timeMs: total.time }
  return clockMs(duration) <= DURATION_MS_MAX ? duration : refuse(0, 'a duration may be at most 3,000 years')
}
