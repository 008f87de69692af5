import { OutsideError } from './outside-error.ts'

/** The target of a URL. `host` is a name in lower case without a trailing dot, or an address without brackets. */
export interface Target {
  readonly url: URL
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
}

const URL_CHARS_MAX = 8_192
const NAME_CHARS_MAX = 253

/**
 * The only place that parses a URL, so that the checked target is the one that is connected to. The WHATWG parser converts every notation
 * of an IPv4 address (decimal, octal, hexadecimal, short, full-width digits) to the dotted one.
 * @throws OutsideError (`request`). The message never contains the URL, which may hold credentials
 */
export function readTarget(text: string, base?: URL): Target {
  if (text.length > URL_CHARS_MAX) throw refuse('', `The URL is longer than ${URL_CHARS_MAX} characters`)
  const url = URL.parse(text, base?.href)
  if (!url) throw refuse('', 'The URL is not valid')
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refuse('', `Only http and https can be fetched, not ${url.protocol.slice(0, 20)}`)
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (host === '' || host.length > NAME_CHARS_MAX) throw refuse('', 'The URL has no host name that could be resolved')
  if (url.username !== '' || url.password !== '')
    throw refuse(host, `The URL of ${host} contains credentials: put them into a connection instead`)
  const isSecure = url.protocol === 'https:'
  return { url, host, isSecure, port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port) }
}

function refuse(host: string, message: string): OutsideError {
  return new OutsideError('request', host, message)
}
