import type { Json, JsonObject, ToolImplementation } from '@orrery/contract'
import { toPairs, toText } from '../http/fill-template.ts'
import { encodeValue } from '../http/fill-url.ts'
import type { HttpCall } from '../http/send-http-call.ts'
import { ToolError } from '../port/tool-port.ts'

type OpenApiImplementation = Extract<ToolImplementation, { kind: 'openapi' }>
type Parameter = OpenApiImplementation['parameters'][number]

/**
 * Builds the request of an operation. Parameters are serialized as OpenAPI 3 defines (Parameter Object, style and explode).
 * @throws ToolError `InvalidArguments`
 */
export function buildOpenApiCall(implementation: OpenApiImplementation, args: JsonObject): HttpCall {
  const { baseUrl, method, path, parameters, body, connection } = implementation
  const given = parameters.flatMap((parameter) => {
    const value = Object.hasOwn(args, parameter.argument) ? args[parameter.argument] : undefined
    return value === undefined || value === null ? [] : [{ parameter, value }]
  })
  let filled = path
  const query: string[] = []
  const headers: Record<string, string> = {}
  for (const { parameter, value } of given) {
    if (parameter.in === 'path') filled = filled.replaceAll(`{${parameter.name}}`, writePath(parameter, value))
    else if (parameter.in === 'header') headers[parameter.name.toLowerCase()] = writeSimple(parameter, value, (text) => text)
    else query.push(...writeQuery(parameter, value))
  }
  const content = body === undefined || !Object.hasOwn(args, body.argument) ? undefined : args[body.argument]
  if (body !== undefined && content !== undefined) headers['content-type'] = body.mediaType
  return {
    method,
    url: toUrl(baseUrl, filled, query),
    headers,
    body: body === undefined || content === undefined ? undefined : writeBody(body.mediaType, content),
    connection,
  }
}

function toUrl(baseUrl: string, path: string, query: readonly string[]): URL {
  const url = /\{[^{}]*\}/.test(path) ? null : URL.parse(`${baseUrl.replace(/\/$/, '')}${path}`)
  if (url === null) throw new ToolError('InvalidArguments', 'An argument that the URL needs is missing', { isRetryable: false })
  if (query.length > 0) url.search = [...(url.search === '' ? [] : [url.search.slice(1)]), ...query].join('&')
  return url
}

/** Rejects a list or an object without members: the segment would be empty, and the request would go to the parent path. */
function writePath(parameter: Parameter, value: Json): string {
  return writeSimple(parameter, value, encodeValue) || encodeValue('')
}

/** Style `simple`: members separated by commas. Members of an exploded object are written as `name=value`. */
function writeSimple({ explode = false }: Parameter, value: Json, encode: (text: string) => string): string {
  if (explode && isMap(value))
    return Object.entries(value)
      .map(([name, item]) => `${encode(name)}=${encode(toText(item))}`)
      .join(',')
  return parts(value).map(encode).join(',')
}

function parts(value: Json): string[] {
  if (Array.isArray(value)) return value.map(toText)
  if (isMap(value)) return Object.entries(value).flatMap(([name, item]) => [name, toText(item)])
  return [toText(value)]
}

function isMap(value: Json): value is { [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Separators between encoded members. A comma within a member is encoded, so it does not split the member (RFC 6570, section 3.2.8). */
const SEPARATORS = { form: ',', spaceDelimited: '%20', pipeDelimited: '%7C', simple: ',' } as const

function writeQuery({ name, style = 'form', explode = style === 'form' }: Parameter, value: Json): string[] {
  const encoded = (text: string) => encodeURIComponent(text.toWellFormed())
  const toQuery = (pairs: readonly [string, string][]) => pairs.map((pair) => pair.map(encoded).join('='))
  if (typeof value !== 'object' || value === null) return toQuery([[name, toText(value)]])
  if (style === 'deepObject') return toQuery(Object.entries(value).flatMap(([member, item]) => toPairs(`${name}[${member}]`, item)))
  if (!explode) return [`${encoded(name)}=${parts(value).map(encoded).join(SEPARATORS[style])}`]
  return toQuery(Array.isArray(value) ? toPairs(name, value) : Object.entries(value).flatMap(([member, item]) => toPairs(member, item)))
}

function writeBody(mediaType: string, value: Json): string {
  if (mediaType !== 'application/x-www-form-urlencoded')
    return typeof value === 'string' && mediaType.startsWith('text/') ? value : JSON.stringify(value)
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
  return new URLSearchParams(members.flatMap(([name, item]) => toPairs(name, item))).toString()
}
