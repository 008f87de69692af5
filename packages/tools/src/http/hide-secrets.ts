import { patternOfSecrets } from '@orrery/kernel'

const REPLACEMENT = '[secret]'

/**
 * Returns a function that removes secrets from a text of a server, in whatever usual form they are there. Some servers repeat request
 * headers, and the output of a tool is journalled.
 * @param headers values of headers. Of `Bearer x` and `Basic x`, x alone is hidden too, and so is the password within `Basic x`.
 */
export function hideSecrets(headers: readonly string[]): (text: string) => string {
  const pattern = patternOfSecrets(headers.flatMap(readForms))
  return (text) => (pattern === null ? text : text.replace(pattern, REPLACEMENT))
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
