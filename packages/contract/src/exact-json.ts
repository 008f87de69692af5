/**
 * JSON from outside, without changing its numbers silently. JavaScript has doubles only: `JSON.parse` turns 9007199254740993 into
 * …992 and 1e400 into Infinity, which is written as null. Whole numbers up to 2^53 − 1 are what all readers agree on (RFC 8259, section 6;
 * RFC 7493, section 2.2). See docs/decisions/0031-large-numbers.md.
 */
import type { Json } from './json.ts'

/** A number that a double cannot keep. */
export interface LargeNumber {
  /** As in `items[3].id`; empty: the whole value. */
  readonly path: string
  /** As it is written. */
  readonly digits: string
}

export type ParsedJson = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly large: LargeNumber }

/** A text without these has only numbers that are kept. Most texts end at this search, which takes a third of the time of parsing. */
const SUSPECT = /(?<![.\d])\d{16}|\d[eE]\+?\d{3}/
/**
 * Strings and numbers of a text that is JSON, and what nests. In any other text a string that does not end takes all that follows: if each
 * quote in it was tried as the beginning of another, the time would grow with the square of the length.
 */
const TOKEN = /"[^"\\]*(?:\\[\s\S][^"\\]*)*(?:"|\\?$)|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[{}[\],:]/g

/**
 * Parses JSON of a caller, who can send something else instead. @param except names of members of the whole in which numbers may be
 * rounded. @throws SyntaxError
 */
export function parseExactJson(text: string, except: readonly string[] = []): ParsedJson {
  const value = JSON.parse(text) as Json
  const large = findLargeNumber(text, except)
  return large === null ? { ok: true, value } : { ok: false, large }
}

/** Parses JSON of another system, whose numbers no caller here can change: one that cannot be kept becomes a text of its digits. @throws SyntaxError */
export function parseForeignJson(text: string): Json {
  return JSON.parse(quoteLargeNumbers(text)) as Json
}

/** JSON in which numbers that cannot be kept are texts. A text that is not JSON is returned with changes that do not matter. */
export function quoteLargeNumbers(text: string): string {
  if (!SUSPECT.test(text)) return text
  return text.replaceAll(TOKEN, (token) => (isLarge(token) ? `"${token}"` : token))
}

/** For the answer to the sender of a number that cannot be kept. */
export function describeLargeNumber({ digits }: LargeNumber): { readonly message: string; readonly expected: string } {
  const shown = digits.length > 40 ? `${digits.slice(0, 40)}…` : digits
  return {
    message: `${shown} is more than a number can keep exactly`,
    expected: 'a whole number from -9007199254740991 to 9007199254740991, or a text of the digits',
  }
}

/** The first number that cannot be kept in a text that is JSON. @param except as for `parseExactJson` */
export function findLargeNumber(text: string, except: readonly string[] = []): LargeNumber | null {
  if (!SUSPECT.test(text)) return null
  // The place in each object and list that is open: the name of a member, or the index of an element.
  const places: (string | number)[] = []
  let last = ''
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{') places.push('')
    else if (token === '[') places.push(0)
    else if (token === '}' || token === ']') places.pop()
    else if (token === ':') places[places.length - 1] = unquote(last)
    else if (token === ',') {
      const place = places.at(-1)
      if (typeof place === 'number') places[places.length - 1] = place + 1
    } else if (isLarge(token) && !except.includes(String(places[0]))) return { path: toPath(places), digits: token }
    last = token
  }
  return null
}

function unquote(token: string): string {
  try {
    return String(JSON.parse(token))
  } catch {
    // The text is not JSON, which its parser reports.
    return token
  }
}

function isLarge(token: string): boolean {
  if (token.length < 4 || token.startsWith('"')) return false
  const value = Number(token)
  return /^-?\d+$/.test(token) ? !Number.isSafeInteger(value) : !Number.isFinite(value)
}

function toPath(places: readonly (string | number)[]): string {
  return places
    .map((place) =>
      typeof place === 'number' ? `[${place}]` : /^[A-Za-z_$][\w$-]*$/.test(place) ? `.${place}` : `[${JSON.stringify(place)}]`,
    )
    .join('')
    .replace(/^\./, '')
}
