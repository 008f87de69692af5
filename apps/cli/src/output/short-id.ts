const LETTER = '[0-9a-hjkmnp-tv-z]'
const ID = new RegExp(`^[a-z]{3}_${LETTER}{26}$`)
const SHORT_ID = new RegExp(`^(?:[a-z]{3}_)?(${LETTER}{6,25})$`)

export const isId = (text: string): boolean => ID.test(text)

/** The last letters of an id, which are random: those at its beginning say when it was made. */
const SHORT_LETTERS = 8

/** `8r0s2t4v` for an id; any other text as it is. Commands accept such a short id in place of the whole one. */
export function shortenId(text: string): string {
  return isId(text) ? text.slice(-SHORT_LETTERS) : text
}

/** The letters of a short id, with or without its prefix; null for a whole id and for any other text. */
export function readShortId(text: string): string | null {
  return isId(text) ? null : (SHORT_ID.exec(text)?.[1] ?? null)
}
