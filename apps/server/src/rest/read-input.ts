import { type FieldError, type Operation, parseExactJson, problem } from '@orrery/contract'
import { largeNumber, readBody } from '../http/read-body.ts'
import type { ServerContext } from '../http/request-info.ts'
import { fieldSchemas, fromText, type JsonSchema } from './from-text.ts'

export type InputReader = (context: ServerContext, maxBytes: number) => Promise<Record<string, unknown>>

/** Creates the function that collects the input of an operation from path, query and body. Prepared once for each operation. */
export function createInputReader(operation: Operation): InputReader {
  const schemas = fieldSchemas(operation)
  const inPath = pathParameters(operation.http.path)
  const inQuery = operation.http.method === 'GET' || operation.http.method === 'DELETE'
  return async (context, maxBytes) => {
    const path = Object.fromEntries(inPath.map((name) => [name, fromText([context.req.param(name) ?? ''], schemas[name])]))
    const query = readQuery(context, schemas)
    const body = await readJsonObject(context.req.raw, maxBytes, operation.roundsNumbersIn)
    if (inQuery && Object.keys(body).length > 0)
      throw misplaced(Object.keys(body), `${operation.http.method} takes no body; send it in the query.`)
    if (!inQuery && Object.keys(query).length > 0)
      throw misplaced(Object.keys(query), `${operation.http.method} takes no query; send it in the body.`)
    const fields = inQuery ? query : body
    // A field with two values is an error: neither may win silently.
    const twice = inPath.filter((name) => Object.hasOwn(fields, name))
    if (twice.length > 0) throw misplaced(twice, 'This field is already in the path.')
    return { ...fields, ...path }
  }
}

export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map((match) => String(match[1]))
}

function readQuery(context: ServerContext, schemas: Readonly<Record<string, JsonSchema>>): Record<string, unknown> {
  const given = context.req.url.includes('?') ? context.req.queries() : {}
  return Object.fromEntries(Object.entries(given).map(([name, values]) => [name, fromText(values, schemas[name])]))
}

/**
 * Reads the body; an empty one is an empty object. @param rounds fields in which numbers may be rounded. @throws invalid_input,
 * unsupported_media_type, payload_too_large
 */
export async function readJsonObject(request: Request, maxBytes: number, rounds: readonly string[] = []): Promise<Record<string, unknown>> {
  if (request.method === 'GET' || request.headers.get('content-length') === '0') return {}
  const text = await readBody(request, maxBytes)
  if (text.trim() === '') return {}
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw problem('unsupported_media_type', type === '' ? 'The body has no Content-Type.' : `The body is "${type.slice(0, 100)}".`)
  }
  const value = parseJson(text, rounds)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw problem('invalid_input', 'The body is not a JSON object.', {
      errors: [{ path: '', message: 'Not an object', expected: 'object' }],
    })
  }
  return value as Record<string, unknown>
}

function parseJson(text: string, rounds: readonly string[]): unknown {
  try {
    const parsed = parseExactJson(text, rounds)
    if (!parsed.ok) throw largeNumber(parsed.large)
    return parsed.value
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw problem('invalid_input', 'The body is not valid JSON.', {
      errors: [{ path: '', message: cause.message.slice(0, 200), expected: 'JSON' }],
      cause,
    })
  }
}

function misplaced(fields: readonly string[], message: string) {
  const errors: FieldError[] = fields.map((path) => ({ path, message }))
  return problem('invalid_input', 'Some fields are in the wrong part of the request.', { errors })
}
