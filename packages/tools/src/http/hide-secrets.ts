/** Shorter strings occur by chance. */
const LETTERS_MIN = 6
const REPLACEMENT = '[secret]'

/**
 * Returns a function that removes secrets from a text of a server. Some servers repeat request headers, and the output of a tool is
 * journalled.
 * @param headers values of headers. Of `Bearer x` and `Basic x`, x alone is hidden too, and so is the password within `Basic x`.
 */
export function hideSecrets(headers: readonly string[]): (text: string) => string {
  const words = headers.flatMap(readForms).filter((word) => word.length >= LETTERS_MIN)
  const forms = [...new Set(words.flatMap((word) => [word, JSON.stringify(word).slice(1, -1)]))]
  return (text) => forms.reduce((hidden, form) => hidden.replaceAll(form, REPLACEMENT), text)
}

function readForms(value: string): string[] {
  const bare = value.replace(/^(Bearer|Basic) /, '')
  // RFC 7617: the user name ends at the first colon.
  const password = value.startsWith('Basic ')
    ? Buffer.from(bare, 'base64')
        .toString('utf8')
        .replace(/^[^:]*:/, '')
    : ''
  return [value, bare, password]
}
