/** Shorter ones are found everywhere by accident. */
const LETTERS_MIN = 6
const SHOWN = '[secret]'

/**
 * Takes secrets out of a text that a server sent: some repeat the headers that they were sent, and what a tool gives is journalled.
 * @param headers values of headers; of `Bearer x` and `Basic x`, x alone is hidden too, and the password that is in the latter.
 */
export function hideSecrets(headers: readonly string[]): (text: string) => string {
  const words = headers.flatMap(readForms).filter((word) => word.length >= LETTERS_MIN)
  const forms = [...new Set(words.flatMap((word) => [word, JSON.stringify(word).slice(1, -1)]))]
  return (text) => forms.reduce((hidden, form) => hidden.replaceAll(form, SHOWN), text)
}

function readForms(value: string): string[] {
  const bare = value.replace(/^(Bearer|Basic) /, '')
  // RFC 7617: the first colon ends the name of the user.
  const password = value.startsWith('Basic ')
    ? Buffer.from(bare, 'base64')
        .toString('utf8')
        .replace(/^[^:]*:/, '')
    : ''
  return [value, bare, password]
}
