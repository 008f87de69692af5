import type { Json, JsonObject, ToolImplementation } from '@orrery/contract'
import { fillText, fillValue, placeholdersIn, toPairs, toText } from './fill-template.ts'
import { fillUrl } from './fill-url.ts'
import type { HttpCall } from './send-http-call.ts'

type HttpImplementation = Extract<ToolImplementation, { kind: 'http' }>

/** Builds the request of a tool of kind `http` from its arguments. @throws ToolError `InvalidArguments` */
export function buildHttpCall(implementation: HttpImplementation, args: JsonObject): HttpCall {
  const { method, headers = {}, query = {}, connection } = implementation
  const url = fillUrl(implementation.url, args)
  for (const [name, template] of Object.entries(query)) {
    const value = fillValue(template, args)
    if (value !== undefined) for (const pair of toPairs(name, value)) url.searchParams.append(...pair)
  }
  const rest = withoutUsed(implementation, args)
  const hasBody = !['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(method) || implementation.body !== undefined
  if (!hasBody) for (const [name, value] of Object.entries(rest)) for (const pair of toPairs(name, value)) url.searchParams.append(...pair)
  const body = hasBody
    ? encodeBody(implementation, implementation.body === undefined ? rest : fillValue(implementation.body, args))
    : undefined
  const filled = Object.entries(headers).map(([name, template]) => [name.toLowerCase(), fillText(template, args)] as const)
  return {
    method,
    url,
    headers: {
      ...(body === undefined ? {} : { 'content-type': body.type }),
      ...Object.fromEntries(filled.filter((header): header is [string, string] => header[1] !== undefined)),
    },
    body: body?.text,
    connection,
  }
}

/** The arguments that are used by neither the URL nor a header nor the query. */
function withoutUsed({ url, headers = {}, query = {} }: HttpImplementation, args: JsonObject): JsonObject {
  const used = new Set([url, headers, query].flatMap((part) => [...placeholdersIn(part)]))
  return Object.fromEntries(Object.entries(args).filter(([name]) => !used.has(name)))
}

function encodeBody({ encoding = 'json' }: HttpImplementation, value: Json | undefined): { text: string; type: string } | undefined {
  if (value === undefined) return undefined
  if (encoding === 'json') return { text: JSON.stringify(value), type: 'application/json' }
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
  const pairs = members.flatMap(([name, item]) => toPairs(name, item))
  const text = typeof value === 'string' ? toText(value) : new URLSearchParams(pairs).toString()
  return { text, type: 'application/x-www-form-urlencoded' }
}
