import { validateHeaderName, validateHeaderValue } from 'node:http'
import { OutsideError } from './outside-error.ts'
import type { OutsidePolicy } from './outside-policy.ts'
import { readTarget, type Target } from './read-target.ts'

export interface OutsideRequest {
  readonly url: string
  /** Default GET. */
  readonly method?: string
  /** Headers that the transport writes itself (`host`, `content-length`, `connection` …) are ignored, as in the Fetch standard. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /**
   * Default `follow`. `manual` returns the redirect as the answer. `error` rejects it: for webhooks, which must not be sent to another
   * address.
   */
  readonly redirect?: 'follow' | 'manual' | 'error'
  readonly signal?: AbortSignal
}

/** A checked request to its first URL, or to the target of a redirect. Header names are in lower case. */
export interface Outgoing {
  readonly target: Target
  readonly method: string
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array | undefined
}

/** The forbidden request headers of the Fetch standard that the transport itself sets. */
const transportHeaders =
  /^(accept-encoding|connection|content-length|date|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade|via|http2-settings|proxy-.*)$/
/** The Fetch standard forbids CONNECT, TRACE and TRACK. */
const methods = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|QUERY|PROPFIND|REPORT)$/
/**
 * The headers that are sent to another origin after a redirect. Any other header may hold a credential: services choose names such as
 * `x-api-key`.
 */
const harmless = /^(accept|accept-language|cache-control|content-(type|language|encoding)|if-(none-match|modified-since)|range|user-agent)$/
const bodyHeaders = /^content-(encoding|language|location|type)$/

/** @throws OutsideError (`request`) that says what is wrong with the request, without the value of any header */
export function readRequest(request: OutsideRequest, policy: OutsidePolicy): Outgoing {
  const target = readTarget(request.url)
  const refuse = (message: string) => new OutsideError('request', target.host, message)
  const method = (request.method ?? 'GET').toUpperCase()
  if (!methods.test(method)) throw refuse('This HTTP method cannot be sent')
  const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body
  if (body && (method === 'GET' || method === 'HEAD')) throw refuse(`A ${method} request has no body`)
  if (body && body.length > policy.requestBytesMax) throw refuse(`The body is larger than ${policy.requestBytesMax} bytes`)
  const headers = new Map<string, string>()
  let size = 0
  for (const [given, value] of Object.entries(request.headers ?? {})) {
    const name = given.toLowerCase()
    if (!isHeader(name, value))
      throw refuse(`The header ${JSON.stringify(given.slice(0, 50))} cannot be sent: it has a character that is not allowed`)
    size += name.length + value.length
    if (!transportHeaders.test(name)) headers.set(name, value)
  }
  if (headers.size > policy.headersMax || size > policy.headerBytesMax)
    throw refuse('The request has too many headers, or they are too long')
  return { target, method, headers, body }
}

/**
 * The request after a redirect, as in the Fetch standard (HTTP-redirect fetch): 303, and 301 or 302 after a POST, become a GET without a
 * body. Stricter than the standard, another origin gets harmless headers only, and dropped headers are not sent again after a redirect
 * back.
 */
export function redirectRequest(from: Outgoing, status: number, location: string): Outgoing {
  // Node decodes header bytes as Latin-1, but a location is UTF-8 (Fetch standard, "location URL").
  const target = readTarget(Buffer.from(location, 'latin1').toString('utf8'), from.target.url)
  const becomesGet =
    (status === 303 && from.method !== 'GET' && from.method !== 'HEAD') || ((status === 301 || status === 302) && from.method === 'POST')
  const isForeign = target.url.origin !== from.target.url.origin
  const kept = [...from.headers].filter(([name]) => (!isForeign || harmless.test(name)) && !(becomesGet && bodyHeaders.test(name)))
  return { target, method: becomesGet ? 'GET' : from.method, headers: new Map(kept), body: becomesGet ? undefined : from.body }
}

/** The value may come from parsed JSON, so its type is not certain. */
function isHeader(name: string, value: unknown): boolean {
  if (typeof value !== 'string') return false
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    // The caller only needs to know that the header is invalid. The error would contain its value.
    return false
  }
}
