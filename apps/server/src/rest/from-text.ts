import { type Operation, parseExactJson } from '@orrery/contract'
import { z } from 'zod'

/** The part of JSON Schema that decides how a text is parsed. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly [key: string]: unknown
}

/** The schema of each input field of an operation, as a caller sends it. */
export function fieldSchemas(operation: Operation): Readonly<Record<string, JsonSchema>> {
  const schema = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any', reused: 'inline' })
  return (schema.properties ?? {}) as Record<string, JsonSchema>
}

/**
 * Parses text from a query or a path into the number, boolean, list or JSON that the schema expects. Text that does not parse
 * stays as it is, so that the validator names the field and what it expected.
 */
export function fromText(values: readonly string[], schema: JsonSchema | undefined): unknown {
  const [value, ...more] = values
  if (schema === undefined || value === undefined) return more.length > 0 ? values : value
  const types = typesOf(schema)
  if (types.has('array')) return readList(values, schema)
  // Several values for a field that takes one stay a list, which the validator refuses.
  if (more.length > 0) return values
  if (types.has('any')) return readJson(value) ?? value
  if ((types.has('number') || types.has('integer')) && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)) return Number(value)
  if (types.has('boolean') && /^(?:true|false)$/.test(value)) return value === 'true'
  if (types.has('null') && value === 'null') return null
  if (types.has('object') && value.startsWith('{')) return readJson(value) ?? value
  return value
}

/** Reads `tag=a&tag=b`, and for enums also `status=a,b`. */
function readList(values: readonly string[], schema: JsonSchema): unknown {
  const items = (schema.items ?? schema.anyOf?.find((one) => one.items !== undefined)?.items) as JsonSchema | undefined
  const parts = items?.enum === undefined ? values : values.flatMap((value) => value.split(','))
  return parts.map((part) => fromText([part], items))
}

function typesOf(schema: JsonSchema): ReadonlySet<string> {
  const among = schema.anyOf ?? schema.oneOf
  if (among !== undefined) return new Set(among.flatMap((one) => [...typesOf(one)]))
  if (schema.type !== undefined) return new Set(typeof schema.type === 'string' ? [schema.type] : schema.type)
  if (schema.enum !== undefined) return new Set(schema.enum.map((value) => typeof value))
  if (schema.const !== undefined) return new Set([typeof schema.const])
  return new Set(['any'])
}

function readJson(text: string): unknown {
  try {
    const parsed = parseExactJson(text)
    // A number that cannot be kept stays text.
    return parsed.ok ? parsed.value : undefined
  } catch {
    // Not JSON: the caller keeps the plain text as the value.
    return undefined
  }
}
