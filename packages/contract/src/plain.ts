/**
 * C0, DEL and C1 control characters, the line and paragraph separators, and the controls of bidirectional text (UAX #9, 2.1 to 2.6, and
 * the marks). A terminal obeys them: they move the cursor, hide text, change the title, or show text in another order than it has.
 */
const CONTROLS = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/**
 * Text of others as it may be shown on a terminal: each control character is written as `\u001b`, newlines too. JSON stays the same JSON.
 * Escaping it twice changes nothing.
 */
export function plain(text: string): string {
  return text.replace(CONTROLS, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
