/** Shorter ones are found everywhere by accident. */
const LETTERS_MIN = 6
const SHOWN = '[secret]'

/**
 * Takes secrets out of a text that a server sent: some repeat the headers that they were sent, and what a tool gives is journalled.
 * @param headers values of headers; of `Bearer x` and `Basic x`, x alone is hidden too.
 */
export function hideSecrets(headers: readonly string[]): (text: string) => string {
  const words = headers.flatMap((value) => [value, value.replace(/^(Bearer|Basic) /, '')]).filter((word) => word.length >= LETTERS_MIN)
  const forms = [...new Set(words.flatMap((word) => [word, JSON.stringify(word).slice(1, -1)]))]
  return (text) => forms.reduce((hidden, form) => hidden.replaceAll(form, SHOWN), text)
}
