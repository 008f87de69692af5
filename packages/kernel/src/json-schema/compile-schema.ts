import type { Json, JsonObject } from '@orrery/contract'
import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as formats from 'ajv-formats'
import { boundedCache } from '../bounded-cache.ts'
import { isDeeperThan } from '../call/validate-input.ts'

export type CompiledSchema = { readonly validate: ValidateFunction } | { readonly unusable: string }

/** A larger schema is a mistake or an attack: compiling one costs a hundred times as much as parsing it. */
const SCHEMA_CHARS_MAX = 200_000
const DEPTH_MAX = 60
/** By the text of the schema; the size is the number of characters. */
const compiledSchemas = boundedCache<CompiledSchema>({ entriesMax: 1_000, sizeMax: 5_000_000 })

/**
 * Compiles JSON Schema 2020-12, or draft-07 if `$schema` says so, with formats. References must point within the schema, because nothing is
 * fetched. Each schema gets its own compiler, so that the names of one schema do not affect another. Takes as long as the schema wants:
 * `checkSchemas` is for schemas that others wrote.
 */
export function compileSchema(schema: JsonObject): CompiledSchema {
  const text = JSON.stringify(schema)
  const known = compiledSchemas.get(text)
  if (known !== undefined) return known
  const compiled = compile(schema, text)
  if (text.length <= SCHEMA_CHARS_MAX) compiledSchemas.set(text, compiled, text.length)
  return compiled
}

/** Why a schema cannot be used; null if it can be used. */
export function findSchemaFault(schema: JsonObject): string | null {
  const compiled = compileSchema(schema)
  return 'unusable' in compiled ? compiled.unusable : null
}

function compile(schema: JsonObject, text: string): CompiledSchema {
  if (text.length > SCHEMA_CHARS_MAX) return { unusable: `it has more than ${SCHEMA_CHARS_MAX} characters` }
  if (isDeeperThan(schema, DEPTH_MAX)) return { unusable: `it is nested deeper than ${DEPTH_MAX} levels` }
  // Ajv would compile a validator that returns a promise.
  if (text.includes('"$async"')) return { unusable: 'it has the keyword $async, which is not JSON Schema' }
  const { $schema, ...rest } = schema
  const dialect = dialectOf($schema)
  try {
    const { isSchema, create } = dialects[dialect]
    if (isSchema(rest) !== true) return { unusable: describeFault(isSchema.errors?.[0]) }
    return { validate: create().compile(rest) }
  } catch (error) {
    // Ajv throws for references that lead nowhere and for malformed expressions; its code for a large schema may be too deep for V8.
    if (error instanceof RangeError) return { unusable: 'it is too large to be compiled' }
    return { unusable: error instanceof Error ? error.message.slice(0, 500) : 'it cannot be compiled' }
  }
}

/**
 * Unknown keywords and formats are annotations, as the specification says. Schemas are validated against the meta-schema before they are
 * compiled.
 */
const OPTIONS = {
  strict: false,
  allErrors: false,
  logger: false,
  validateFormats: true,
  validateSchema: false,
  meta: false,
  addUsedSchema: false,
} as const

/** One per dialect, because compiling a meta-schema takes long. No caller's schema shares its compiler. */
const dialects = {
  '2020-12': describeDialect(new Ajv2020({ logger: false }), 'https://json-schema.org/draft/2020-12/schema', () => new Ajv2020(OPTIONS)),
  'draft-07': describeDialect(new Ajv({ logger: false }), 'http://json-schema.org/draft-07/schema', () => new Ajv(OPTIONS)),
} as const

function describeDialect(own: Ajv, id: string, make: () => Ajv) {
  const isSchema = own.getSchema(id)
  if (isSchema === undefined) throw new Error(`There is no schema ${id}`)
  return { isSchema, create: () => formats.default.default(make()) }
}

/** MCP servers use draft-07 as often as 2020-12. */
function dialectOf(given: Json | undefined): keyof typeof dialects {
  return typeof given === 'string' && /draft-0[67]\/schema#?$/.test(given) ? 'draft-07' : '2020-12'
}

function describeFault(fault: { readonly instancePath?: string; readonly message?: string } | undefined): string {
  return `${fault?.instancePath ?? ''} ${fault?.message ?? 'it is not a JSON Schema'}`.trim()
}
