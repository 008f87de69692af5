import type { Json, JsonObject } from '@orrery/contract'
import { Ajv, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as formats from 'ajv-formats'
import { boundedCache } from '../bounded-cache.ts'
import { isDeeperThan } from '../call/validate-input.ts'
import { withinTime } from './within-time.ts'

export type CompiledSchema = { readonly validate: ValidateFunction } | { readonly unusable: string }

/** Larger ones are mistakes or attacks: compiling costs a hundred times what reading does. */
const SCHEMA_LETTERS_MAX = 200_000
const DEPTH_MAX = 60
const COMPILE_MS_MAX = 2_000
/** By its text; the size is the number of characters. */
const compiledSchemas = boundedCache<CompiledSchema>({ entriesMax: 1_000, sizeMax: 5_000_000 })

/**
 * JSON Schema 2020-12, and draft-07 where `$schema` says so, with formats. Nothing is fetched: a reference leads within the schema or nowhere.
 * A schema gets a compiler of its own, so that neither names nor half-finished work of one reach another.
 */
export function compileSchema(schema: JsonObject): CompiledSchema {
  const text = JSON.stringify(schema)
  const known = compiledSchemas.get(text)
  if (known !== undefined) return known
  const compiled = compile(schema, text)
  if (text.length <= SCHEMA_LETTERS_MAX) compiledSchemas.set(text, compiled, text.length)
  return compiled
}

/** Why a schema cannot be used, for whoever is about to store it; null if it can. */
export function findSchemaFault(schema: JsonObject): string | null {
  const compiled = compileSchema(schema)
  return 'unusable' in compiled ? compiled.unusable : null
}

function compile(schema: JsonObject, text: string): CompiledSchema {
  if (text.length > SCHEMA_LETTERS_MAX) return { unusable: `it has more than ${SCHEMA_LETTERS_MAX} characters` }
  if (isDeeperThan(schema, DEPTH_MAX)) return { unusable: `it is nested deeper than ${DEPTH_MAX} levels` }
  // Ajv would make a validator that answers with a promise.
  if (text.includes('"$async"')) return { unusable: 'it has the keyword $async, which is not JSON Schema' }
  const { $schema, ...rest } = schema
  const dialect = dialectOf($schema)
  const compiled = withinTime(COMPILE_MS_MAX, () => {
    const { isSchema, create } = dialects[dialect]
    if (isSchema(rest) !== true) throw new Error(describeFault(isSchema.errors?.[0]))
    return create().compile(rest)
  })
  switch (compiled.outcome) {
    case 'done':
      return { validate: compiled.value }
    case 'timeout':
      return { unusable: 'it takes too long to compile' }
    case 'error':
      return { unusable: compiled.error instanceof Error ? compiled.error.message.slice(0, 500) : 'it cannot be compiled' }
  }
}

/** Unknown keywords and formats are annotations, as the specification has it. A schema has been compared with that of all schemas before. */
const OPTIONS = {
  strict: false,
  allErrors: false,
  logger: false,
  validateFormats: true,
  validateSchema: false,
  meta: false,
  addUsedSchema: false,
} as const

/** The schema of all schemas takes long to compile and is nobody's but ours, so there is one of each. */
const dialects = {
  '2020-12': describeDialect(new Ajv2020({ logger: false }), 'https://json-schema.org/draft/2020-12/schema', () => new Ajv2020(OPTIONS)),
  'draft-07': describeDialect(new Ajv({ logger: false }), 'http://json-schema.org/draft-07/schema', () => new Ajv(OPTIONS)),
} as const

function describeDialect(own: Ajv, id: string, make: () => Ajv) {
  const isSchema = own.getSchema(id)
  if (isSchema === undefined) throw new Error(`There is no schema ${id}`)
  return { isSchema, create: () => formats.default.default(make()) }
}

/** MCP servers speak draft-07 as often as 2020-12. */
function dialectOf(given: Json | undefined): keyof typeof dialects {
  return typeof given === 'string' && /draft-0[67]\/schema#?$/.test(given) ? 'draft-07' : '2020-12'
}

function describeFault(fault: { readonly instancePath?: string; readonly message?: string } | undefined): string {
  return `${fault?.instancePath ?? ''} ${fault?.message ?? 'it is no JSON Schema'}`.trim()
}
