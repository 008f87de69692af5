import type { Json } from '@orrery/contract'
import { KINDS, type Kind, nameKinds } from '../expression/values.ts'

/** One form that a value may have. Members and items are computed only when needed: schemas may refer to themselves. */
export type Form =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean' | 'string'; readonly values: readonly Json[] | null }
  | { readonly kind: 'number'; readonly values: readonly Json[] | null; readonly whole: boolean }
  | { readonly kind: 'array'; readonly items: () => Shape }
  | ObjectForm

export interface ObjectForm {
  readonly kind: 'object'
  readonly members: ReadonlyMap<string, () => Shape>
  readonly required: ReadonlySet<string>
  /** The shape of members that are not listed; null: there are no others. */
  readonly others: (() => Shape) | null
}

/** What is known about a value before it exists: it has one of these forms. No forms: no value is possible. */
export type Shape = readonly Form[]

const anything: () => Shape = () => ANYTHING

/** Every value of this kind. */
export function formOf(kind: Kind): Form {
  switch (kind) {
    case 'null':
      return { kind }
    case 'boolean':
    case 'string':
      return { kind, values: null }
    case 'number':
      return { kind, values: null, whole: false }
    case 'array':
      return { kind, items: anything }
    case 'object':
      return { kind, members: new Map(), required: new Set(), others: anything }
  }
}

export const ANYTHING: Shape = KINDS.map(formOf)

export const shapeOfKinds = (kinds: readonly Kind[]): Shape => (kinds.length === KINDS.length ? ANYTHING : kinds.map(formOf))
export const listOf = (items: () => Shape): Shape => [{ kind: 'array', items }]

/** An object that has exactly these members, all of them present. */
export function objectOf(members: Iterable<readonly [string, Shape]>): Shape {
  const entries = [...members].map(([name, shape]) => [name, () => shape] as const)
  return [{ kind: 'object', members: new Map(entries), required: new Set(entries.map(([name]) => name)), others: null }]
}

export function shapeOfValue(value: Json): Shape {
  if (Array.isArray(value)) return listOf(() => unite(value.map(shapeOfValue)))
  if (typeof value === 'object' && value !== null) return objectOf(Object.entries(value).map(([name, item]) => [name, shapeOfValue(item)]))
  if (value === null) return [{ kind: 'null' }]
  return typeof value === 'number'
    ? [{ kind: 'number', values: [value], whole: Number.isInteger(value) }]
    : [{ kind: typeof value as 'string' | 'boolean', values: [value] }]
}

const FORMS_MAX = 40

export function unite(shapes: readonly Shape[]): Shape {
  const [first, ...others] = shapes
  if (first === undefined) return ANYTHING
  if (others.length === 0 || shapes.includes(ANYTHING)) return shapes.includes(ANYTHING) ? ANYTHING : first
  const forms = shapes.flat()
  return forms.length > FORMS_MAX ? shapeOfKinds(kindsIn(forms)) : forms
}

export function kindsIn(shape: Shape): readonly Kind[] {
  return KINDS.filter((kind) => shape.some((form) => form.kind === kind))
}

export function without(shape: Shape, kind: Kind): Shape {
  return shape.filter((form) => form.kind !== kind)
}

/** The shape of the elements of all lists among the forms. */
export function itemsOf(shape: Shape): Shape {
  return unite(shape.flatMap((form) => (form.kind === 'array' ? [form.items()] : [])))
}

/** The shape of the values of all objects among the forms. */
export function valuesOf(shape: Shape): Shape {
  const objects = shape.filter((form) => form.kind === 'object')
  return unite(
    objects.flatMap(({ members, others }) => [...[...members.values()].map((of) => of()), ...(others === null ? [] : [others()])]),
  )
}

/** How many comparisons may still be made. */
interface ComparisonBudget {
  left: number
}

const COMPARISONS_MAX = 5000

/**
 * Whether some value could have both shapes. Ignores that an empty list matches any list. Where the answer is uncertain or too expensive,
 * it is true.
 */
export function overlaps(a: Shape, b: Shape, budget: ComparisonBudget = { left: COMPARISONS_MAX }, depth = 0): boolean {
  return depth > 6 || a.length === 0 || b.length === 0 || a.some((left) => b.some((right) => formsOverlap(left, right, budget, depth + 1)))
}

function formsOverlap(a: Form, b: Form, budget: ComparisonBudget, depth: number): boolean {
  budget.left -= 1
  if (budget.left < 0) return true
  if (a.kind === 'object' && b.kind === 'object') return hasNeeded(a, b, budget, depth) && hasNeeded(b, a, budget, depth)
  if (a.kind === 'array' && b.kind === 'array') return overlaps(a.items(), b.items(), budget, depth)
  if (a.kind !== b.kind || !('values' in a) || !('values' in b)) return a.kind === b.kind
  const fits = (form: Form, value: Json) => !('whole' in form && form.whole) || Number.isInteger(value)
  if (a.values === null) return b.values?.some((value) => fits(a, value)) ?? true
  if (b.values === null) return a.values.some((value) => fits(b, value))
  return a.values.some((value) => b.values?.includes(value))
}

/** Whether `source` may have every member that `target` requires. */
function hasNeeded(source: ObjectForm, target: ObjectForm, budget: ComparisonBudget, depth: number): boolean {
  return [...target.required].every((name) => {
    const wanted = target.members.get(name) ?? target.others ?? anything
    const given = source.members.get(name) ?? source.others
    return given !== null && overlaps(given(), wanted(), budget, depth)
  })
}

/** `a text or a list (each a number)`, for messages. */
export function describeShape(shape: Shape, depth = 0): string {
  const words = kindsIn(shape).map((kind) => {
    const inner = kind === 'array' && depth < 2 ? itemsOf(shape) : ANYTHING
    return nameKinds([kind]) + (inner === ANYTHING || inner.length === 0 ? '' : ` (each ${describeShape(inner, depth + 1)})`)
  })
  return words.length === KINDS.length ? 'anything' : words.join(' or ')
}

/** The values that a shape is limited to; null if it is not limited. For messages. */
export function valuesIn(shape: Shape): readonly Json[] | null {
  const lists = shape.map((form) => ('values' in form ? form.values : null))
  return lists.every((list) => list !== null) ? lists.flat() : null
}
