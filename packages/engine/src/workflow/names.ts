/** The texts that workflow code may give to the store. The API has the same limits for its callers. */

export const NAME_CHARS_MAX = 200
export const KEY_CHARS_MAX = 512
export const TAGS_MAX = 20

/** Whether PostgreSQL can store the text (without NUL and unpaired surrogates), and it has 1 to `max` characters. */
function isStorable(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= max && !value.includes('\0') && value.isWellFormed()
}

/** @param what the subject of the message, such as `name of the signal` @throws TypeError */
export function requireName(what: string, value: unknown, max = NAME_CHARS_MAX): void {
  if (isStorable(value, max)) return
  const shown = typeof value === 'string' ? JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value) : typeof value
  throw new TypeError(`the ${what} is ${shown}; expected 1 to ${max} characters without NUL`)
}
