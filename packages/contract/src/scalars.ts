/** The scalar shapes of all nouns. Each is bounded, so that no input is too long for its column. */
import { z } from 'zod'
import type { Json } from './json.ts'

/**
 * Any JSON value. It is not walked: every face parses JSON before it validates. `undefined` (a missing field) is refused unless the field is
 * `.optional()` or has a default.
 */
export const json = z.unknown().refine((value) => value !== undefined, 'Required') as unknown as z.ZodType<Json>

/** Whether a text, or each text and name inside of JSON, may be stored: without NUL and without unpaired surrogates. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0')
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, member]) => isStorable(key) && isStorable(member))
}

/** Text without NUL, which PostgreSQL cannot store, and without unpaired surrogates, which UTF-8 cannot encode. */
export function text(maxLength: number, minLength = 1) {
  return (
    z
      .string()
      .min(minLength)
      .max(maxLength)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern excludes NUL.
      .regex(/^[^\u0000]*$/, 'May not contain a NUL character')
      .refine((value) => value.isWellFormed(), 'May not contain an unpaired surrogate')
  )
}

/** A name that can be used in URLs and in a shell without quotes. */
export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    'Expected 1 to 128 letters, digits, dots, dashes or underscores, beginning with a letter or a digit',
  )

/** One e-mail address as HTML defines it, which leaves out quoted local parts and comments: those only confuse parsers. */
export const email = z
  .string()
  .trim()
  .max(254)
  .regex(
    /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$/,
    'Expected one e-mail address such as ada@example.com, with its domain in ASCII',
  )

const EARLIEST = Date.parse('0000-01-01T00:00:00.000Z')
const LATEST = Date.parse('9999-12-31T23:59:59.999Z')

/** False for a time whose year in UTC is outside 0000 to 9999. Text that is not a time has been refused already. */
function isInRange(text: string): boolean {
  const at = Date.parse(text)
  return Number.isNaN(at) || (at >= EARLIEST && at <= LATEST)
}

/** ISO 8601 with a time zone; in outputs always UTC with milliseconds. */
export const timestamp = z.iso
  .datetime({ offset: true, error: 'Expected a time with a time zone, such as 2026-11-05T09:30:00Z' })
  .refine(isInRange, 'Expected a time in the years 0000 to 9999 (UTC)')
  .meta({ description: 'ISO 8601 with a time zone, e.g. 2026-11-05T09:30:00.000Z.' })

/** SHA-256 in lower-case hexadecimal. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'Expected a SHA-256 in lower-case hexadecimal')

export const priority = z.enum(['low', 'normal', 'high', 'urgent'])

export const tag = text(128)
