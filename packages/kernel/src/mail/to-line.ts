/** A text of others as one line: without control characters and line breaks, so that no header can be added to a mail, and bounded. */
export function toLine(text: string, lettersMax: number): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
  return [...line].slice(0, lettersMax).join('')
}
