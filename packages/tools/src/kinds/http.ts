import { httpImplementation, type Json, type JsonObject } from '@orrery/contract'
import { buildHttpCall } from '../http/build-http-call.ts'
import { placeholdersIn } from '../http/fill-template.ts'
import { sendHttpCall } from '../http/send-http-call.ts'
import type { Fault, Implementation, Kind } from './kind.ts'

/** An HTTP request with placeholders that the arguments fill. */
export const httpKind: Kind<'http'> = {
  name: 'http',
  shape: httpImplementation,
  reaches: 'outside',
  describedBy: 'author',
  timeoutMs: 30_000,
  describe: () => ({}),
  findFaults,
  call: async ({ implementation }, args, context) => sendHttpCall(buildHttpCall(implementation, args), context),
}

/** Headers that hold credentials. They may not be in a definition, which everyone in the organization can read. */
const SECRET_HEADERS = /^(authorization|proxy-authorization|cookie|x-api-key|api-key)$/i

function findFaults({ method, url, headers = {}, query = {}, body }: Implementation<'http'>, inputSchema: JsonObject): Fault[] {
  const { required } = inputSchema
  const needed = new Set(Array.isArray(required) ? required : [])
  const faults: Fault[] = []
  const parts: Readonly<Record<string, Json>> = { url, headers, query, ...(body === undefined ? {} : { body }) }
  for (const [part, value] of Object.entries(parts)) {
    for (const name of placeholdersIn(value)) {
      if (!isProperty(inputSchema, name)) faults.push([part, `{${name}} is not an argument: add it to inputSchema.properties`])
      else if (part === 'url' && !needed.has(name)) faults.push([part, `{${name}} is part of the URL, so inputSchema must require it`])
    }
  }
  if (body !== undefined && (method === 'GET' || method === 'HEAD')) faults.push(['body', `A ${method} request has no body`])
  for (const name of Object.keys(headers)) {
    if (SECRET_HEADERS.test(name)) faults.push([`headers.${name}`, 'Credentials belong in a connection, which stores them encrypted'])
  }
  return faults
}

function isProperty({ properties }: JsonObject, name: string): boolean {
  return typeof properties === 'object' && properties !== null && Object.hasOwn(properties, name)
}
