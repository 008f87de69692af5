import type { Json, JsonFields, JsonObject } from '@orrery/contract'
import { COMPOSING, type Compositions, createCompositions } from './absent-properties.ts'
import { asList, asObject, asText, resolvePointer, UnreadableOperation } from './document.ts'

export interface Dialect {
  /** OpenAPI 3.0: `nullable`, boolean `exclusiveMinimum`, nothing beside `$ref`. 3.1 is JSON Schema 2020-12. */
  readonly is30: boolean
  /** Properties that are `readOnly` are not required in a request, and those that are `writeOnly` not in a response. */
  readonly side: 'request' | 'response'
}

const SCHEMAS_MAX = 5_000
/**
 * Keywords that a validator does not use. Most are not part of JSON Schema, and examples may be long. `$recursiveRef` of the draft 2019-09
 * refers to a place that a document does not have.
 */
const DROPPED = new Set([
  ...['nullable', 'discriminator', 'xml', 'externalDocs', 'example', 'examples', 'readOnly', 'writeOnly', 'deprecated'],
  ...['$recursiveAnchor', '$recursiveRef', '$schema', '$comment'],
])
const SCHEMA_MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])
const PLAIN = new Set(['enum', 'const', 'default', 'required', 'type'])

interface Bundling extends Dialect {
  readonly document: JsonObject
  readonly compositions: Compositions
  /** Names in `$defs` by reference, and by the properties that are absent where it is referred to. */
  readonly names: Map<string, string>
  /** Schemas that are referred to and not yet converted. */
  readonly pending: Pending[]
  /** How many schemas may still be converted. */
  left: number
}

interface Pending {
  readonly name: string
  readonly schema: Json
  readonly absent: ReadonlySet<string>
}

const NO_NAMES: ReadonlySet<string> = new Set()

/** Makes a schema independent of the document: the schemas it refers to are copied into its `$defs`. @throws UnreadableOperation */
export function bundleSchema(document: JsonObject, schema: Json, dialect: Dialect): JsonFields {
  const compositions = createCompositions(document, dialect.side === 'request' ? 'readOnly' : 'writeOnly')
  const bundling: Bundling = { ...dialect, document, compositions, names: new Map(), pending: [], left: SCHEMAS_MAX }
  const converted = convert(schema, bundling, NO_NAMES)
  const defs: JsonFields = {}
  for (let next = bundling.pending.pop(); next !== undefined; next = bundling.pending.pop()) {
    defs[next.name] = convert(next.schema, bundling, next.absent)
  }
  const whole: JsonObject = asObject(converted) ?? (converted === false ? { not: {} } : {})
  return { ...whole, ...(Object.keys(defs).length === 0 ? {} : { $defs: { ...asObject(whole.$defs), ...defs } }) }
}

/** @param absent properties that need not be there, as other schemas of the same value say */
function convert(schema: Json, bundling: Bundling, absent: ReadonlySet<string>): Json {
  const object = asObject(schema)
  if (object === undefined) return typeof schema === 'boolean' ? schema : true
  bundling.left -= 1
  if (bundling.left < 0) throw new UnreadableOperation(`Its schemas have more than ${SCHEMAS_MAX} parts`)
  const reference = asText(object.$ref)
  if (reference !== undefined && bundling.is30) return { $ref: refer(reference, bundling, absent) }
  const allAbsent = new Set([...absent, ...bundling.compositions.absentIn(object)])
  const members = Object.entries(object).filter(([keyword]) => !DROPPED.has(keyword) && !keyword.startsWith('x-'))
  const converted: JsonFields = Object.fromEntries(
    members.map(([keyword, value]) => [keyword, convertMember(keyword, value, bundling, COMPOSING.has(keyword) ? allAbsent : NO_NAMES)]),
  )
  if (reference !== undefined) converted.$ref = refer(reference, bundling, allAbsent)
  if (Array.isArray(object.required)) converted.required = [...new Set(object.required)].filter((name) => !allAbsent.has(String(name)))
  dropMistakes(converted)
  return fromBooleanBounds(bundling.is30 ? fromNullable(object, converted) : converted)
}

/** Keywords with which no value fits, or that no validator takes: the document cannot mean them. */
function dropMistakes(schema: JsonFields): void {
  if (Array.isArray(schema.enum) && schema.enum.length === 0) delete schema.enum
  if (typeof schema.pattern === 'string' && !isPattern(schema.pattern)) delete schema.pattern
}

/** Patterns are ECMA-262 (JSON Schema 2020-12, section 6.4); documents also have those of other languages, such as `(?i)`. */
function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}

function convertMember(keyword: string, value: Json, bundling: Bundling, absent: ReadonlySet<string>): Json {
  if (PLAIN.has(keyword)) return value
  const object = asObject(value)
  if (SCHEMA_MAPS.has(keyword) && object !== undefined) {
    return Object.fromEntries(Object.entries(object).map(([name, inner]) => [name, convert(inner, bundling, NO_NAMES)]))
  }
  if (Array.isArray(value)) return value.map((item) => (asObject(item) === undefined ? item : convert(item, bundling, absent)))
  return object === undefined ? value : convert(object, bundling, absent)
}

/** One entry in `$defs` for each reference, and another where the same schema must require fewer properties. */
function refer(reference: string, bundling: Bundling, absent: ReadonlySet<string>): string {
  const { document, compositions, names, pending } = bundling
  const schema = resolvePointer(document, reference)
  const object = asObject(schema)
  const relaxed = object === undefined ? [] : listRelaxed(object, absent, compositions)
  const key = JSON.stringify([reference, ...relaxed])
  const known = names.get(key)
  if (known !== undefined) return `#/$defs/${known}`
  const last = (reference.split('/').at(-1) ?? '').replaceAll(/[^A-Za-z0-9_]/g, '_') || 'root'
  const used = new Set(names.values())
  let name = last
  for (let count = 2; used.has(name); count += 1) name = `${last}_${count}`
  names.set(key, name)
  pending.push({ name, schema, absent: new Set(relaxed) })
  return `#/$defs/${name}`
}

/** Names that the schema requires and would not relax by itself. */
function listRelaxed(schema: JsonObject, absent: ReadonlySet<string>, { requiredIn, absentIn }: Compositions): string[] {
  if (absent.size === 0) return []
  const own = absentIn(schema)
  return [...requiredIn(schema)].filter((name) => absent.has(name) && !own.has(name)).sort()
}

/** Boolean `exclusiveMinimum` and `exclusiveMaximum` of OpenAPI 3.0, which documents of 3.1 have too. */
function fromBooleanBounds(converted: JsonFields): JsonFields {
  const schema = { ...converted }
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    const limit = schema[bound]
    if (typeof schema[exclusive] !== 'boolean') continue
    if (schema[exclusive] === true && limit !== undefined) {
      schema[exclusive] = limit
      delete schema[bound]
    } else delete schema[exclusive]
  }
  return schema
}

/** `nullable` of OpenAPI 3.0 (its section "Schema Object"). */
function fromNullable(from: JsonObject, schema: JsonFields): JsonFields {
  if (from.nullable !== true) return schema
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] }
  const choices = asList(schema.enum)
  const withNull = choices.length > 0 && !choices.includes(null) ? { enum: [...choices, null] } : {}
  return { ...schema, type: [schema.type, 'null'], ...withNull }
}
