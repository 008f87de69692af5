import { isObject, type Json, type JsonObject } from '@orrery/contract'
import { KINDS, type Kind } from '../expression/values.ts'
import { ANYTHING, type Form, formOf, type ObjectForm, type Shape, shapeOfKinds, shapeOfValue, unite } from './shape.ts'

const HOPS_MAX = 16

/** Follows local `$ref`s to a schema. Null if a reference leads nowhere, outside the document, or in a circle. */
export function resolveSchema(schema: Json, root: Json): Json | null {
  let at: Json = schema
  for (let hops = 0; hops < HOPS_MAX; hops += 1) {
    if (!isObject(at) || typeof at.$ref !== 'string') return at
    const target = follow(root, at.$ref)
    if (target === undefined) return null
    at = target
  }
  return null
}

function follow(root: Json, reference: string): Json | undefined {
  if (!reference.startsWith('#')) return undefined
  let at: Json | undefined = root
  for (const part of decode(reference.slice(1)).split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined
    at = (at as JsonObject)[name]
  }
  return at
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    return text
  }
}

/** A whole schema document, and how many of its schemas may still be visited: schemas can refer to each other without end. */
export interface Document {
  readonly root: Json
  left: number
}

const SCHEMAS_MAX = 5000

export const documentOf = (root: Json): Document => ({ root, left: SCHEMAS_MAX })

/** The shape that JSON Schema 2020-12 describes. Keywords that are not supported allow everything. */
export function shapeOfSchema(schema: Json, document: Document = documentOf(schema), depth = 0): Shape {
  const resolved = resolveSchema(schema, document.root)
  if (resolved === false) return []
  document.left -= 1
  if (!isObject(resolved) || depth > HOPS_MAX || document.left < 0) return ANYTHING
  let shape = ownShape(resolved, document)
  const parts = Array.isArray(resolved.allOf) ? resolved.allOf : []
  for (const part of parts) shape = intersect(shape, shapeOfSchema(part, document, depth + 1))
  for (const choices of [resolved.anyOf, resolved.oneOf]) {
    if (!Array.isArray(choices) || choices.length === 0) continue
    shape = intersect(shape, unite(choices.map((choice) => shapeOfSchema(choice, document, depth + 1))))
  }
  return resolved.nullable === true ? [...shape, { kind: 'null' }] : shape
}

function ownShape(schema: JsonObject, document: Document): Shape {
  if ('const' in schema) return shapeOfValue(schema.const ?? null)
  if (Array.isArray(schema.enum)) return schema.enum.flatMap(shapeOfValue)
  const kinds = kindsOf(schema.type)
  const hasInside = 'properties' in schema || 'items' in schema || 'additionalProperties' in schema || schema.type === 'integer'
  if (!hasInside) return shapeOfKinds(kinds)
  return kinds.map((kind): Form => {
    if (kind === 'object') return objectForm(schema, document)
    if (kind === 'array') return { kind, items: () => itemsIn(schema, document) }
    return kind === 'number' ? { kind, values: null, whole: schema.type === 'integer' } : formOf(kind)
  })
}

/** The items at every position: positions are not distinguished. */
function itemsIn({ items, prefixItems }: JsonObject, document: Document): Shape {
  if (items === undefined) return ANYTHING
  const first = Array.isArray(prefixItems) ? prefixItems : []
  return unite([...first, items].map((item) => shapeOfSchema(item, document)))
}

function kindsOf(type: Json | undefined): readonly Kind[] {
  if (type === undefined) return KINDS
  const types = (Array.isArray(type) ? type : [type]).map((one) => (one === 'integer' ? 'number' : one))
  return KINDS.filter((kind) => types.includes(kind))
}

function objectForm(schema: JsonObject, document: Document): ObjectForm {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : []
  const { additionalProperties: others, patternProperties } = schema
  const required = (Array.isArray(schema.required) ? schema.required : []).filter((name) => typeof name === 'string')
  return {
    kind: 'object',
    members: new Map(properties.map(([name, of]) => [name, () => shapeOfSchema(of, document)])),
    required: new Set(required),
    others:
      others === false && patternProperties === undefined ? null : () => (isObject(others) ? shapeOfSchema(others, document) : ANYTHING),
  }
}

function intersect(a: Shape, b: Shape): Shape {
  if (a === ANYTHING) return b
  if (b === ANYTHING) return a
  return a.flatMap((left) => b.flatMap((right) => (left.kind === right.kind ? [intersectForms(left, right)] : [])))
}

function intersectForms(a: Form, b: Form): Form {
  if (a.kind === 'array' && b.kind === 'array') return { kind: 'array', items: () => intersect(a.items(), b.items()) }
  if (a.kind !== 'object' || b.kind !== 'object') return 'values' in a && a.values === null ? b : a
  const names = new Set([...a.members.keys(), ...b.members.keys()])
  const both = (name: string) => {
    const [left, right] = [a.members.get(name) ?? a.others, b.members.get(name) ?? b.others]
    return intersect(left?.() ?? ANYTHING, right?.() ?? ANYTHING)
  }
  return {
    kind: 'object',
    members: new Map([...names].map((name) => [name, () => both(name)])),
    required: new Set([...a.required, ...b.required]),
    others: a.others === null || b.others === null ? null : a.others,
  }
}
