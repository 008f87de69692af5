/** Shorter strings occur by chance. */
const LETTERS_MIN = 6
/**
 * A longer secret is found by its beginning, and hidden up to the next space or quote. A text that repeats the beginning of a secret
 * would otherwise take time that grows with the product of both lengths.
 */
const HEAD_LETTERS = 64
const REST = `[^\\s"'<>]*`

/**
 * A pattern that finds secrets in a text also in other forms: in another case, escaped as in JSON, percent-encoded in whole or in part (RFC
 * 3986 2.1), in base64 and base64url (RFC 4648 4 and 5) on their own or within something longer, and in hexadecimal. Null: there is nothing
 * to find. For use with `replace`, which finds all of them.
 */
export function patternOfSecrets(secrets: readonly string[]): RegExp | null {
  const forms = [...new Set(secrets)].filter(({ length }) => length >= LETTERS_MIN).flatMap(formsOf)
  if (forms.length === 0) return null
  // A longer form first: it may begin with a shorter one.
  return new RegExp(forms.toSorted((a, b) => b.length - a.length).join('|'), 'gi')
}

function formsOf(secret: string): string[] {
  const letters = [...secret]
  const head = letters.slice(0, HEAD_LETTERS)
  const bytes = Buffer.from(head.join(''), 'utf8')
  const forms = [head.map(letterOrEscape).join(''), bytes.toString('hex'), ...[0, 1, 2].map((offset) => inBase64(bytes, offset))]
  return letters.length > HEAD_LETTERS ? forms.map((form) => form + REST) : forms
}

/** The letter as it is, escaped in JSON, or percent-encoded. */
function letterOrEscape(letter: string): string {
  const percent = [...Buffer.from(letter, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const inJson = JSON.stringify(letter).slice(1, -1)
  const forms = [letter, percent, ...(inJson === letter ? [] : [inJson]), ...(letter === ' ' ? ['+'] : [])]
  return `(?:${forms.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|')})`
}

/** The letters that follow from the secret alone if it begins `offset` bytes after a multiple of three. */
function inBase64(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
  const whole = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6))
  return [...whole].map((letter) => BASE64_FORMS[letter] ?? letter).join('')
}

const BASE64_FORMS: Readonly<Record<string, string>> = { '+': '(?:[+-]|%2b)', '/': '(?:[/_]|%2f)' }
