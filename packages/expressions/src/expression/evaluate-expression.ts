import type { Json, JsonObject } from '@orrery/contract'
import { calculate } from './arithmetic.ts'
import { callFunction } from './call-function.ts'
import type { Comparison, Expression, Projection } from './expression.ts'
import { ExpressionError, typeError } from './expression-error.ts'
import type { CallContext } from './functions/function-spec.ts'
import { type Meter, spend } from './meter.ts'
import { compareValues, isEqual, isTrue, kindOf, nameKinds, type Value } from './values.ts'

export interface Surroundings extends CallContext {
  /** What names at the top mean: `params`, `steps`, `now` … */
  readonly root: JsonObject
  /** Members of these objects are not known yet: reading one ends the evaluation with the fault `pending`. */
  readonly pending?: ReadonlyMap<Json, ReadonlySet<string>>
}

/** Fuel for a new list or member: they cost more than reading one. */
const BUILDING = 4
/** Fuel for reading a time and a duration. */
const MOVING = 40

/**
 * The value of an expression, or undefined where it leads nowhere. Only own members of what JSON can hold are reachable. Throws
 * ExpressionError.
 */
export function evaluate(expression: Expression, current: Value, around: Surroundings): Value {
  spend(around.meter, 1)
  switch (expression.type) {
    case 'current':
      return current
    case 'root':
      return around.root
    case 'literal':
      return expression.value
    case 'field':
      return readField(current, expression.name, around)
    case 'index':
      return readIndex(evaluate(expression.of, current, around), expression.index)
    case 'slice':
      return slice(evaluate(expression.of, current, around), expression.from, expression.to, expression.by, around.meter)
    case 'chain':
      return evaluate(expression.right, evaluate(expression.left, current, around), around)
    case 'projection':
      return project(expression, current, around)
    case 'list':
      if (current === undefined || current === null) return undefined
      spend(around.meter, BUILDING)
      return expression.items.map((item) => evaluate(item, current, around) ?? null)
    case 'object':
      if (current === undefined || current === null) return undefined
      spend(around.meter, BUILDING + expression.entries.length * BUILDING)
      // fromEntries makes own members even of names such as __proto__.
      return Object.fromEntries(expression.entries.map(([name, item]) => [name, evaluate(item, current, around) ?? null]))
    case 'or': {
      const left = evaluate(expression.left, current, around)
      return isTrue(left) ? left : evaluate(expression.right, current, around)
    }
    case 'and': {
      const left = evaluate(expression.left, current, around)
      return isTrue(left) ? evaluate(expression.right, current, around) : left
    }
    case 'not':
      return !isTrue(evaluate(expression.of, current, around))
    case 'compare':
      return compare(expression.operator, evaluate(expression.left, current, around), evaluate(expression.right, current, around), around)
    case 'arithmetic': {
      const left = evaluate(expression.left, current, around)
      const right = evaluate(expression.right, current, around)
      if (left === undefined || right === undefined) return undefined
      if (typeof left === 'string') spend(around.meter, MOVING)
      return calculate(expression.operator, left, right)
    }
    case 'call':
      return callFunction(expression, (inner, at) => evaluate(inner, at === undefined ? current : at, around), around)
    case 'lambda':
      throw new ExpressionError('syntax', '& stands only before an argument of a function')
  }
}

function readField(current: Value, name: string, { root, pending }: Surroundings): Value {
  if (typeof current !== 'object' || current === null || Array.isArray(current)) return undefined
  if (pending?.get(current)?.has(name)) throw new ExpressionError('pending', `${name} is not known yet`)
  if (Object.hasOwn(current, name)) return current[name]
  if (current === root) throw new ExpressionError('name', `there is nothing called ${name}; there are ${Object.keys(root).join(', ')}`)
  return undefined
}

function readIndex(list: Value, index: number): Value {
  return Array.isArray(list) ? list.at(index) : undefined
}

/** Python's slices, as JMESPath has them. */
function slice(list: Value, from: number | null, to: number | null, by: number, meter: Meter): Value {
  if (!Array.isArray(list)) return undefined
  const { length } = list
  const clamp = (place: number, low: number, high: number) => Math.min(high, Math.max(low, place < 0 ? place + length : place))
  const forward = by > 0
  const start = from === null ? (forward ? 0 : length - 1) : clamp(from, forward ? 0 : -1, forward ? length : length - 1)
  const stop = to === null ? (forward ? length : -1) : clamp(to, forward ? 0 : -1, forward ? length : length - 1)
  const picked: Json[] = []
  // Between the bounds every place has an element.
  for (let at = start; forward ? at < stop : at > stop; at += by) picked.push(list[at] as Json)
  spend(meter, picked.length)
  return picked
}

/** What is missing or null for an element is left out, as JMESPath says. */
function project({ spread, left, right, condition }: Projection, current: Value, around: Surroundings): Value {
  const source = evaluate(left, current, around)
  const items = spread === 'values' ? listValues(source) : Array.isArray(source) ? source : undefined
  if (items === undefined) return undefined
  const flat = spread === 'flat' ? items.flat() : items
  spend(around.meter, flat.length)
  if (right.type === 'current' && condition === null) return flat.filter((item) => item !== null)
  const results: Json[] = []
  for (const item of flat) {
    if (condition !== null && !isTrue(evaluate(condition, item, around))) continue
    const result = evaluate(right, item, around)
    if (result !== undefined && result !== null) results.push(result)
  }
  return results
}

function listValues(source: Value): Json[] | undefined {
  return typeof source === 'object' && source !== null && !Array.isArray(source) ? Object.values(source) : undefined
}

/** A missing value compares as null. What cannot be ordered is not silently false: a text that should be a number is a mistake. */
function compare(operator: Comparison, left: Value, right: Value, { meter }: Surroundings): Value {
  if (operator === '==') return isEqual(meter, left ?? null, right ?? null)
  if (operator === '!=') return !isEqual(meter, left ?? null, right ?? null)
  if (left === undefined || right === undefined) return undefined
  if (left === null || right === null) return null
  const sameKind = (typeof left === 'number' && typeof right === 'number') || (typeof left === 'string' && typeof right === 'string')
  if (!sameKind) {
    throw typeError(`${operator} compares two numbers or two texts, not ${nameKinds([kindOf(left)])} and ${nameKinds([kindOf(right)])}`)
  }
  const order = compareValues(meter, left as number | string, right as number | string)
  switch (operator) {
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}
