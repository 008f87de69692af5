import type { Json, JsonFields, JsonObject } from '@orrery/contract'
import { asList, asObject, asText, resolvePointer, UnreadableOperation } from './document.ts'

export interface Dialect {
  /** OpenAPI 3.0: `nullable`, boolean `exclusiveMinimum`, nothing beside `$ref`. 3.1 is JSON Schema 2020-12. */
  readonly is30: boolean
  /** Properties that are `readOnly` are not required in a request, and those that are `writeOnly` not in a response. */
  readonly side: 'request' | 'response'
}

const SCHEMAS_MAX = 5_000
/** Keywords that a validator does not use. Most are not part of JSON Schema, and examples may be long. */
const DROPPED = new Set(['nullable', 'discriminator', 'xml', 'externalDocs', 'example', 'examples', 'readOnly', 'writeOnly', 'deprecated'])
const SCHEMA_MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas'])
const PLAIN = new Set(['enum', 'const', 'default', 'required', 'type'])

interface Bundling extends Dialect {
  readonly document: JsonObject
  /** Names in `$defs` by reference. */
  readonly names: Map<string, string>
  /** References to schemas that are not yet converted. */
  readonly pending: string[]
  /** How many schemas may still be converted. */
  left: number
}

/** Makes a schema independent of the document: the schemas it refers to are copied into its `$defs`. @throws UnreadableOperation */
export function bundleSchema(document: JsonObject, schema: Json, dialect: Dialect): JsonFields {
  const bundling: Bundling = { ...dialect, document, names: new Map(), pending: [], left: SCHEMAS_MAX }
  const converted = convert(schema, bundling)
  const defs: JsonFields = {}
  for (let reference = bundling.pending.pop(); reference !== undefined; reference = bundling.pending.pop()) {
    defs[bundling.names.get(reference) ?? ''] = convert(resolvePointer(document, reference), bundling)
  }
  const whole: JsonObject = asObject(converted) ?? (converted === false ? { not: {} } : {})
  return { ...whole, ...(Object.keys(defs).length === 0 ? {} : { $defs: { ...asObject(whole.$defs), ...defs } }) }
}

function convert(schema: Json, bundling: Bundling): Json {
  const object = asObject(schema)
  if (object === undefined) return typeof schema === 'boolean' ? schema : true
  bundling.left -= 1
  if (bundling.left < 0) throw new UnreadableOperation(`Its schemas have more than ${SCHEMAS_MAX} parts`)
  const reference = asText(object.$ref)
  if (reference !== undefined && bundling.is30) return { $ref: refer(reference, bundling) }
  const members = Object.entries(object).filter(([keyword]) => !DROPPED.has(keyword) && !keyword.startsWith('x-'))
  const converted: JsonFields = Object.fromEntries(members.map(([keyword, value]) => [keyword, convertMember(keyword, value, bundling)]))
  if (reference !== undefined) converted.$ref = refer(reference, bundling)
  relaxRequired(object, converted, bundling)
  return bundling.is30 ? fromDialect30(object, converted) : converted
}

function convertMember(keyword: string, value: Json, bundling: Bundling): Json {
  if (PLAIN.has(keyword)) return value
  const object = asObject(value)
  if (SCHEMA_MAPS.has(keyword) && object !== undefined) {
    return Object.fromEntries(Object.entries(object).map(([name, inner]) => [name, convert(inner, bundling)]))
  }
  if (Array.isArray(value)) return value.map((item) => (asObject(item) === undefined ? item : convert(item, bundling)))
  return object === undefined ? value : convert(object, bundling)
}

function refer(reference: string, { names, pending }: Bundling): string {
  const known = names.get(reference)
  if (known !== undefined) return `#/$defs/${known}`
  const last = (reference.split('/').at(-1) ?? '').replaceAll(/[^A-Za-z0-9_]/g, '_') || 'root'
  const used = new Set(names.values())
  let name = last
  for (let count = 2; used.has(name); count += 1) name = `${last}_${count}`
  names.set(reference, name)
  pending.push(reference)
  return `#/$defs/${name}`
}

function relaxRequired({ properties, required }: JsonObject, converted: JsonFields, { side }: Bundling): void {
  if (!Array.isArray(required)) return
  const absent = side === 'request' ? 'readOnly' : 'writeOnly'
  converted.required = required.filter((name) => asObject(asObject(properties)?.[String(name)])?.[absent] !== true)
}

/** Converts the keywords that differ in OpenAPI 3.0 (its section "Schema Object") to JSON Schema 2020-12. */
function fromDialect30(from: JsonObject, converted: JsonFields): Json {
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
  if (from.nullable !== true) return schema
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] }
  const choices = asList(schema.enum)
  const withNull = choices.length > 0 && !choices.includes(null) ? { enum: [...choices, null] } : {}
  return { ...schema, type: [schema.type, 'null'], ...withNull }
}
