import type { Json, ToolImplementation } from '@orrery/contract'
import type { HttpCall } from '../http/exchange.ts'
import { toPairs, toText } from '../http/fill-template.ts'
import { encodeValue } from '../http/fill-url.ts'
import { type JsonObject, ToolError } from '../tool-port.ts'

type OpenApiImplementation = Extract<ToolImplementation, { kind: 'openapi' }>
type Parameter = OpenApiImplementation['parameters'][number]

/** The request of an operation, its parameters written as OpenAPI 3 says (Parameter Object, style and explode). @throws ToolError `InvalidArguments` */
export function buildOpenApiCall(implementation: OpenApiImplementation, args: JsonObject): HttpCall {
  const { baseUrl, method, path, parameters, body, connection } = implementation
  const given = parameters.flatMap((parameter) => {
    const value = Object.hasOwn(args, parameter.argument) ? args[parameter.argument] : undefined
    return value === undefined || value === null ? [] : [{ parameter, value }]
  })
  let filled = path
  const query: [string, string][] = []
  const headers: Record<string, string> = {}
  for (const { parameter, value } of given) {
    if (parameter.in === 'path') filled = filled.replaceAll(`{${parameter.name}}`, writeSimple(value, encodeValue))
    else if (parameter.in === 'header') headers[parameter.name.toLowerCase()] = writeSimple(value, (text) => text)
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

function toUrl(baseUrl: string, path: string, query: readonly [string, string][]): URL {
  const url = /\{[^{}]*\}/.test(path) ? null : URL.parse(`${baseUrl.replace(/\/$/, '')}${path}`)
  if (url === null) throw new ToolError('InvalidArguments', 'An argument that the address needs was not given', { isRetryable: false })
  for (const pair of query) url.searchParams.append(...pair)
  return url
}

/** `simple`: members with commas between them. */
function writeSimple(value: Json, encode: (text: string) => string): string {
  return parts(value).map(encode).join(',')
}

function parts(value: Json): string[] {
  if (Array.isArray(value)) return value.map(toText)
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(([name, item]) => [name, toText(item)])
  return [toText(value)]
}

const SEPARATORS = { form: ',', spaceDelimited: ' ', pipeDelimited: '|', simple: ',' } as const

function writeQuery({ name, style = 'form', explode = style === 'form' }: Parameter, value: Json): [string, string][] {
  if (typeof value !== 'object' || value === null) return [[name, toText(value)]]
  if (style === 'deepObject') return Object.entries(value).flatMap(([member, item]) => toPairs(`${name}[${member}]`, item))
  if (!explode) return [[name, parts(value).join(SEPARATORS[style])]]
  return Array.isArray(value) ? toPairs(name, value) : Object.entries(value).flatMap(([member, item]) => toPairs(member, item))
}

function writeBody(mediaType: string, value: Json): string {
  if (mediaType !== 'application/x-www-form-urlencoded')
    return typeof value === 'string' && mediaType.startsWith('text/') ? value : JSON.stringify(value)
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
  return new URLSearchParams(members.flatMap(([name, item]) => toPairs(name, item))).toString()
}
