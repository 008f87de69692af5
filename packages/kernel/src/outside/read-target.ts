import { OutsideError } from './outside-error.ts'

/** Where a URL leads. `host` is a name in lower case without the dot at its end, or an address without brackets. */
export interface Target {
  readonly url: URL
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
}

const URL_CHARS_MAX = 8_192
const NAME_CHARS_MAX = 253

/**
 * The only reading of a URL: what is checked is what is connected to. The WHATWG parser turns every way to write an IPv4 address (decimal, octal, hex,
 * short, full-width digits) into the dotted one.
 * @throws OutsideError (`request`); its text never repeats the URL, which may hold credentials.
 */
export function readTarget(text: string, base?: URL): Target {
  if (text.length > URL_CHARS_MAX) throw refuse('', `The URL is longer than ${URL_CHARS_MAX} characters`)
  const url = URL.parse(text, base?.href)
  if (!url) throw refuse('', 'The URL cannot be read')
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refuse('', `Only http and https can be fetched, not ${url.protocol.slice(0, 20)}`)
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (host === '' || host.length > NAME_CHARS_MAX) throw refuse('', 'The URL has no host name that could be resolved')
  if (url.username !== '' || url.password !== '') throw refuse(host, `The URL of ${host} holds credentials: they belong into a connection`)
  const isSecure = url.protocol === 'https:'
  return { url, host, isSecure, port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port) }
}

function refuse(host: string, message: string): OutsideError {
  return new OutsideError('request', host, message)
}
