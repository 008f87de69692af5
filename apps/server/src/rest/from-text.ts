import type { Operation } from '@orrery/contract'
import { z } from 'zod'

/** The part of JSON Schema that says how a text is to be read. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly [key: string]: unknown
}

/** The schema of each field of an operation's input, as a caller writes it. */
export function fieldSchemas(operation: Operation): Readonly<Record<string, JsonSchema>> {
  const schema = z.toJSONSchema(operation.input, { io: 'input', unrepresentable: 'any', reused: 'inline' })
  return (schema.properties ?? {}) as Record<string, JsonSchema>
}

/**
 * Query and path carry text only. It becomes a number, a boolean, a list or JSON where the schema wants one and the
 * text is one; otherwise it stays as it is, so that the validator names the field and what it expected.
 */
export function fromText(values: readonly string[], schema: JsonSchema | undefined): unknown {
  const [value, ...more] = values
  if (schema === undefined || value === undefined) return more.length > 0 ? values : value
  const types = typesOf(schema)
  if (types.has('array')) return readList(values, schema)
  // A second value for a field that takes one: the validator refuses a list.
  if (more.length > 0) return values
  if (types.has('any')) return readJson(value) ?? value
  if ((types.has('number') || types.has('integer')) && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)) return Number(value)
  if (types.has('boolean') && /^(?:true|false)$/.test(value)) return value === 'true'
  if (types.has('null') && value === 'null') return null
  if (types.has('object') && value.startsWith('{')) return readJson(value) ?? value
  return value
}

/** `tag=a&tag=b`; words out of a fixed list also as `status=a,b`. */
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
    return JSON.parse(text)
  } catch {
    // Not JSON: a plain text is a value, too.
    return undefined
  }
}
