/**
 * The one duration grammar: `30m`, `1h30m`, `1.5h`, `500ms`, or ISO 8601 `PT30M`, `P1DT12H`, `P2W`.
 * A bare number is refused because nobody can tell its unit; so are months and years, which have no fixed length. A day is 24 hours.
 */
export type Duration = string

const SHORT_UNITS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const
const NUMBER = '(\\d+(?:\\.\\d+)?)'
// Each unit at most once, from the largest to the smallest, so that one duration has few spellings and a typing error is seen.
const SHORT = new RegExp(
  `^${Object.keys(SHORT_UNITS)
    .map((unit) => `(?:${NUMBER}${unit}(?![a-z]))?`)
    .join('')}$`,
)
const ISO = new RegExp(`^P(?:${NUMBER}W)?(?:${NUMBER}D)?(?:T(?=\\d)(?:${NUMBER}H)?(?:${NUMBER}M)?(?:${NUMBER}S)?)?$`)
const ISO_UNITS = [SHORT_UNITS.w, SHORT_UNITS.d, SHORT_UNITS.h, SHORT_UNITS.m, SHORT_UNITS.s]
/** About 3,000 years: a bound that keeps every time of day + duration inside what a Date can hold. */
const MAX_MS = 1e14

/** Milliseconds of a duration. Throws a TypeError that says what to write instead. */
export function parseDuration(text: unknown, what = 'duration'): number {
  if (typeof text === 'number' || (typeof text === 'string' && /^[+-]?[\d.]+$/.test(text.trim()))) {
    throw new TypeError(`${what} ${String(text)} has no unit; write '${String(text)}s' or '${String(text)}m', for example`)
  }
  if (typeof text !== 'string') throw new TypeError(`${what} must be a string like '30m' or 'PT30M', got ${typeof text}`)
  const ms = readShort(text) ?? readIso(text)
  if (ms === null) throw new TypeError(`${what} ${JSON.stringify(text)} is not understood; write '30m', '1h30m', '2d' or 'PT30M'`)
  if (ms > MAX_MS) throw new TypeError(`${what} ${JSON.stringify(text)} is longer than 3,000 years`)
  return ms
}

/** The shortest spelling that `parseDuration` reads back to the same number: `5400000` gives `1h30m`. */
export function formatDuration(ms: number): Duration {
  if (!Number.isInteger(ms) || ms < 0) throw new TypeError(`a duration is a whole number of milliseconds, got ${ms}`)
  let rest = ms
  let text = ''
  for (const [unit, size] of Object.entries(SHORT_UNITS)) {
    // Weeks only where they say it all: `10d` reads better than `1w3d`.
    if (unit === 'w' && rest % size !== 0) continue
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text === '' ? '0s' : text
}

function readShort(text: string): number | null {
  const match = text === '' ? null : SHORT.exec(text)
  return match ? add(match, Object.values(SHORT_UNITS)) : null
}

function readIso(text: string): number | null {
  const match = text.length < 3 ? null : ISO.exec(text)
  return match ? add(match, ISO_UNITS) : null
}

function add(match: RegExpExecArray, units: readonly number[]): number | null {
  let total = 0
  units.forEach((unit, index) => {
    const part = match[index + 1]
    if (part !== undefined) total += Number(part) * unit
  })
  const ms = Math.round(total)
  // A fraction must still come out as whole milliseconds; `0.0001s` is a mistake, not a wish.
  return Math.abs(ms - total) < 1e-6 * Math.max(1, total) && (ms > 0 || total === 0) ? ms : null
}
