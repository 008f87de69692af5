import { isObject, type Json, type JsonObject } from '@orrery/contract'
import { createSuggest, type Suggest } from '../expression/suggest.ts'
import { isEqual, kindOf, nameKinds } from '../expression/values.ts'
import { holdsTemplate, isTemplate } from '../template/parse-template.ts'
import { pathTo } from '../template/render-value.ts'
import { checkSize } from './check-size.ts'
import { type Document, documentOf, resolveSchema, shapeOfSchema } from './schema-shape.ts'
import { describeShape, kindsIn, overlaps, type Shape, valuesIn } from './shape.ts'

export interface Mismatch {
  /** Relative to the value: `.recipients[0]`. */
  readonly path: string
  readonly message: string
}

/** Returns the shape of a text that contains `${…}`. */
export type ShapeOfText = (text: string) => Shape

interface Matching {
  readonly document: Document
  readonly shapeOfText: ShapeOfText
  readonly suggest: Suggest
}

/** Without limits: `parsePipeline` has measured the pipeline already. */
const UNMETERED = { fuel: Number.POSITIVE_INFINITY, room: Number.POSITIVE_INFINITY }

/**
 * Where a value with `${…}` in its texts cannot match a JSON Schema (2020-12), whatever the expressions return. Ignores `pattern`,
 * `format`, `not`, `if`, `dependent*`, `unevaluated*`, `contains` and `propertyNames`, because a call is validated again when it is made.
 */
export function matchSchema(value: Json, schema: Json, shapeOfText: ShapeOfText, suggest = createSuggest()): readonly Mismatch[] {
  return match(value, schema, '', { document: documentOf(schema), shapeOfText, suggest })
}

function match(value: Json, schema: Json, path: string, matching: Matching): readonly Mismatch[] {
  const { document, shapeOfText } = matching
  const resolved = resolveSchema(schema, document.root)
  document.left -= 1
  if (resolved === false) return [{ path, message: 'no value is allowed here' }]
  if (!isObject(resolved) || document.left < 0) return []
  if (typeof value === 'string' && isTemplate(value)) return matchShape(shapeOfText(value), shapeOfSchema(resolved, document), path)
  return [
    ...matchValue(value, resolved, path),
    ...matchInside(value, resolved, path, matching),
    ...(Array.isArray(resolved.allOf) ? resolved.allOf : []).flatMap((part) => match(value, part, path, matching)),
    ...[resolved.anyOf, resolved.oneOf].flatMap((choices) => (Array.isArray(choices) ? matchAny(value, choices, path, matching) : [])),
  ]
}

function matchShape(given: Shape, wanted: Shape, path: string): readonly Mismatch[] {
  if (overlaps(given, wanted)) return []
  const [have, want] = [describeShape(given), describeShape(wanted)]
  if (have !== want) return [{ path, message: `expected ${want}, but this is ${have}` }]
  const values = valuesIn(wanted)?.map((value) => JSON.stringify(value))
  return [{ path, message: values === undefined ? 'this value does not match what is allowed here' : `expected ${values.join(' or ')}` }]
}

/** Type, enum, const and sizes. A value with templates inside has its type already; its content is checked when it is known. */
function matchValue(value: Json, schema: JsonObject, path: string): readonly Mismatch[] {
  const wanted = shapeOfSchema({ ...(schema.type === undefined ? {} : { type: schema.type }) })
  const kinds = kindsIn(schema.nullable === true ? [...wanted, { kind: 'null' }] : wanted)
  if (!kinds.includes(kindOf(value))) return [{ path, message: `expected ${nameKinds(kinds)}, not ${nameKinds([kindOf(value)])}` }]
  if (schema.type === 'integer' && typeof value === 'number' && !Number.isInteger(value))
    return [{ path, message: 'expected a whole number' }]
  const choices = 'const' in schema ? [schema.const ?? null] : schema.enum
  if (Array.isArray(choices) && !holdsTemplate(value) && !choices.some((choice) => isEqual(UNMETERED, choice, value))) {
    const words = choices.slice(0, 12).map((choice) => JSON.stringify(choice))
    return [{ path, message: `expected ${words.join(' or ')}` }]
  }
  return checkSize(value, schema).map((message) => ({ path, message }))
}

function matchInside(value: Json, schema: JsonObject, path: string, matching: Matching): readonly Mismatch[] {
  if (Array.isArray(value)) {
    const first = Array.isArray(schema.prefixItems) ? schema.prefixItems : []
    return value.flatMap((item, at) => match(item, first[at] ?? schema.items ?? true, `${path}[${at}]`, matching))
  }
  if (!isObject(value)) return []
  const properties = isObject(schema.properties) ? schema.properties : {}
  const names = Object.keys(properties)
  const required = (Array.isArray(schema.required) ? schema.required : []).filter((name) => typeof name === 'string')
  const missing = required.filter((name) => !Object.hasOwn(value, name))
  return [
    ...missing.map((name) => ({ path: path + pathTo(name), message: 'missing; it is required' })),
    ...Object.entries(value).flatMap(([name, item]) => {
      const own = Object.hasOwn(properties, name) ? properties[name] : undefined
      const inner = own ?? (schema.patternProperties === undefined ? schema.additionalProperties : true) ?? true
      if (inner !== false) return match(item, inner, path + pathTo(name), matching)
      return [{ path: path + pathTo(name), message: `there is no such argument${matching.suggest(name, names)}` }]
    }),
  ]
}

/** One choice must match. If none does, the mismatches of the nearest one are returned. */
function matchAny(value: Json, choices: readonly Json[], path: string, matching: Matching): readonly Mismatch[] {
  let nearest: readonly Mismatch[] | null = null
  for (const choice of choices) {
    const mismatches = match(value, choice, path, matching)
    if (mismatches.length === 0) return []
    const isNearer = nearest === null || depthOf(mismatches) > depthOf(nearest)
    if (isNearer) nearest = mismatches
  }
  if (nearest === null || nearest.some((mismatch) => mismatch.path !== path)) return nearest ?? []
  return [
    {
      path,
      message:
        nearest.length === 1 && choices.length === 1 ? (nearest[0]?.message ?? '') : 'it matches none of the forms that are allowed here',
    },
  ]
}

const depthOf = (mismatches: readonly Mismatch[]): number => Math.min(...mismatches.map(({ path }) => path.length))
