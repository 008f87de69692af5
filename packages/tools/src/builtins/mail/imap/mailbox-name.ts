/** A mailbox's name as an argument: modified UTF-7 (RFC 3501 section 5.1.3) between quotes. */
export function quoteMailbox(name: string): string {
  return quote(
    name.replaceAll(/&|[^\x20-\x7e]+/g, (part) => {
      if (part === '&') return '&-'
      const utf16 = Buffer.from(part, 'utf16le').swap16().toString('base64')
      return `&${utf16.replace(/=+$/, '').replaceAll('/', ',')}-`
    }),
  )
}

/** @throws RangeError for what no quoted text can hold. */
export function quote(text: string): string {
  if (/[^\x20-\x7e]/.test(text)) throw new RangeError('Only printable ASCII can be quoted')
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
