import { duration } from '@orrery/contract'
import { z } from 'zod'
import { mapSchema, type SchemaNode } from './map-schema.ts'

/** A longer pattern is worth less to a model than the description of its field. */
const PATTERN_LETTERS_MAX = 60
const NO_NUL = '^[^\\u0000]*$'
const DURATION = String(z.toJSONSchema(duration).pattern)

/**
 * JSON Schema (2020-12) of the arguments of a tool, for the context window of a model. Names, types, choices, defaults, limits and
 * descriptions are those of the full shape. What only a validator needs is left out: the server checks calls by the full shape, and its
 * answer names the field.
 */
export function compactSchema(shape: z.ZodType): SchemaNode {
  const known = compacted.get(shape)
  if (known !== undefined) return known
  const { $schema, ...schema } = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' })
  const compact = shorten(schema as SchemaNode)
  compacted.set(shape, compact)
  return compact
}

/** Kept, because a new MCP server is created for every request. */
const compacted = new WeakMap<z.ZodType, SchemaNode>()

function shorten(full: SchemaNode): SchemaNode {
  const { pattern, minLength, minimum, maximum, additionalProperties, propertyNames, type, ...schema } = mapSchema(full, shorten)
  return mergeNull({
    // A constant has the type of its value.
    ...(schema.const === undefined && type !== undefined ? { type } : {}),
    ...schema,
    ...shortenPattern(full),
    ...(minLength === undefined || minLength === 1 ? {} : { minLength }),
    // The range of safe integers is a limit of JavaScript.
    ...(minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? {} : { minimum }),
    ...(maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? {} : { maximum }),
    ...(isSchema(additionalProperties) ? { additionalProperties } : {}),
  })
}

/** Not `false`, and not the schema of anything. */
function isSchema(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** An id keeps its prefix. A duration without its pattern says in words what it is. */
function shortenPattern({ pattern, format, description }: SchemaNode): SchemaNode {
  if (typeof pattern !== 'string' || format === 'date-time' || pattern === NO_NUL) return {}
  if (pattern === DURATION) return { description: describeDuration(description) }
  const prefix = /^\^[a-z]{3}_(?=\[0-7\])/.exec(pattern)?.[0]
  return prefix === undefined && pattern.length > PATTERN_LETTERS_MAX ? {} : { pattern: prefix ?? pattern }
}

function describeDuration(description: unknown): unknown {
  return description === undefined || description === duration.description ? duration.description : `${description} As 1h30m or PT30M.`
}

/** `{anyOf: [{type: t, …}, {type: null}]}` becomes `{type: [t, null], …}`, and a choice in a choice becomes one. */
function mergeNull(schema: SchemaNode): SchemaNode {
  const { anyOf, ...others } = schema
  if (!Array.isArray(anyOf) || anyOf.length !== 2 || (anyOf[1] as SchemaNode).type !== 'null') return schema
  const [some, none] = anyOf as [SchemaNode, SchemaNode]
  if (Array.isArray(some.anyOf)) return { ...some, ...others, anyOf: [...some.anyOf, none] }
  if (typeof some.type !== 'string') return schema
  return { ...some, ...others, type: [some.type, 'null'], ...(Array.isArray(some.enum) ? { enum: [...some.enum, null] } : {}) }
}
