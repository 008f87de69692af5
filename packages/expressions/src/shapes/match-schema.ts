import { isObject, type Json, type JsonObject } from '@orrery/contract'
import { createSuggest, type Suggest } from '../expression/suggest.ts'
import { isEqual, kindOf, nameKinds } from '../expression/values.ts'
import { holdsTemplate, isTemplate } from '../template/parse-template.ts'
import { pathTo } from '../template/render-value.ts'
import { judgeSize } from './judge-size.ts'
import { type Document, documentOf, resolveSchema, shapeOfSchema } from './schema-shape.ts'
import { describeShape, kindsIn, overlaps, type Shape, valuesIn } from './shape.ts'

export interface Mismatch {
  /** From the value: `.recipients[0]`. */
  readonly path: string
  readonly message: string
}

/** What a text with `${…}` in it can become. */
export type ShapeOfText = (text: string) => Shape

interface Matching {
  readonly document: Document
  readonly shapeOfText: ShapeOfText
  readonly suggest: Suggest
}

/** A pipeline was measured when it was read. */
const UNMETERED = { fuel: Number.POSITIVE_INFINITY, room: Number.POSITIVE_INFINITY }

/**
 * Where a value with `${…}` in its texts cannot fit a JSON Schema (2020-12), whatever the values will be. Not looked at, because a call is
 * checked again when it is made: `pattern`, `format`, `not`, `if`, `dependent*`, `unevaluated*`, `contains`, `propertyNames`.
 */
export function matchSchema(value: Json, schema: Json, shapeOfText: ShapeOfText, suggest = createSuggest()): readonly Mismatch[] {
  return match(value, schema, '', { document: documentOf(schema), shapeOfText, suggest })
}

function match(value: Json, schema: Json, path: string, matching: Matching): readonly Mismatch[] {
  const { document, shapeOfText } = matching
  const resolved = resolveSchema(schema, document.root)
  document.left -= 1
  if (resolved === false) return [{ path, message: 'nothing may stand here' }]
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
  if (have !== want) return [{ path, message: `expected ${want}, but this gives ${have}` }]
  const values = valuesIn(wanted)?.map((value) => JSON.stringify(value))
  return [{ path, message: values === undefined ? 'what this gives does not fit here' : `expected ${values.join(' or ')}` }]
}

/** Type, enum, const and sizes. Values with templates inside have their type already, and the rest is left for later. */
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
  return judgeSize(value, schema).map((message) => ({ path, message }))
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

/** One of them has to fit. If none does, the nearest is explained. */
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
      message: nearest.length === 1 && choices.length === 1 ? (nearest[0]?.message ?? '') : 'none of the forms that are allowed here',
    },
  ]
}

const depthOf = (mismatches: readonly Mismatch[]): number => Math.min(...mismatches.map(({ path }) => path.length))
