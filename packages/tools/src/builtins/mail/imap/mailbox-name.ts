/** Writes the name of a mailbox as an argument: modified UTF-7 (RFC 3501 section 5.1.3) in quotes. */
export function quoteMailbox(name: string): string {
  return quote(
    name.replaceAll(/&|[^\x20-\x7e]+/g, (part) => {
      if (part === '&') return '&-'
      const utf16 = Buffer.from(part, 'utf16le').swap16().toString('base64')
      return `&${utf16.replace(/=+$/, '').replaceAll('/', ',')}-`
    }),
  )
}

/** @throws RangeError for characters that a quoted string cannot contain. */
export function quote(text: string): string {
  if (/[^\x20-\x7e]/.test(text)) throw new RangeError('Only printable ASCII can be quoted')
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
