import type { Json, JsonObject } from '@orrery/contract'
import { calculate } from './arithmetic.ts'
import { callFunction } from './call-function.ts'
import type { Comparison, Expression, Projection } from './expression.ts'
import { ExpressionError, typeError } from './expression-error.ts'
import type { CallContext } from './functions/function-spec.ts'
import { type Meter, spend } from './meter.ts'
import { compareValues, isEqual, isTrue, kindOf, nameKinds, type Value } from './values.ts'

export interface EvaluationContext extends CallContext {
  /** The names that an expression can begin with: `params`, `steps`, `now` … */
  readonly root: JsonObject
  /** Names of members that are not known yet, by object. Reading one ends the evaluation with the fault `pending`. */
  readonly pending?: ReadonlyMap<Json, ReadonlySet<string>>
}

/** Fuel for a new list or member, which costs more than reading one. */
const BUILD_FUEL = 4
/** Fuel for reading a time and a duration. */
const MOVE_TIME_FUEL = 40

/**
 * The value of an expression, or undefined if a path leads nowhere. Only own members of JSON values are reachable. Throws
 * ExpressionError.
 */
export function evaluate(expression: Expression, current: Value, context: EvaluationContext): Value {
  spend(context.meter, 1)
  switch (expression.type) {
    case 'current':
      return current
    case 'root':
      return context.root
    case 'literal':
      return expression.value
    case 'field':
      return readField(current, expression.name, context)
    case 'index':
      return readIndex(evaluate(expression.of, current, context), expression.index)
    case 'slice':
      return slice(evaluate(expression.of, current, context), expression.from, expression.to, expression.by, context.meter)
    case 'chain':
      return evaluate(expression.right, evaluate(expression.left, current, context), context)
    case 'projection':
      return project(expression, current, context)
    case 'list':
      if (current === undefined || current === null) return undefined
      spend(context.meter, BUILD_FUEL)
      return expression.items.map((item) => evaluate(item, current, context) ?? null)
    case 'object':
      if (current === undefined || current === null) return undefined
      spend(context.meter, BUILD_FUEL + expression.entries.length * BUILD_FUEL)
      // fromEntries defines own members, even for names such as __proto__.
      return Object.fromEntries(expression.entries.map(([name, item]) => [name, evaluate(item, current, context) ?? null]))
    case 'or': {
      const left = evaluate(expression.left, current, context)
      return isTrue(left) ? left : evaluate(expression.right, current, context)
    }
    case 'and': {
      const left = evaluate(expression.left, current, context)
      return isTrue(left) ? evaluate(expression.right, current, context) : left
    }
    case 'not':
      return !isTrue(evaluate(expression.of, current, context))
    case 'compare':
      return compare(
        expression.operator,
        evaluate(expression.left, current, context),
        evaluate(expression.right, current, context),
        context,
      )
    case 'arithmetic': {
      const left = evaluate(expression.left, current, context)
      const right = evaluate(expression.right, current, context)
      if (left === undefined || right === undefined) return undefined
      if (typeof left === 'string') spend(context.meter, MOVE_TIME_FUEL)
      return calculate(expression.operator, left, right)
    }
    case 'call':
      return callFunction(expression, (inner, at) => evaluate(inner, at === undefined ? current : at, context), context)
    case 'lambda':
      throw new ExpressionError('syntax', '& is allowed only before an argument of a function')
  }
}

function readField(current: Value, name: string, { root, pending }: EvaluationContext): Value {
  if (typeof current !== 'object' || current === null || Array.isArray(current)) return undefined
  if (pending?.get(current)?.has(name)) throw new ExpressionError('pending', `${name} is not known yet`)
  if (Object.hasOwn(current, name)) return current[name]
  if (current === root) throw new ExpressionError('name', `there is nothing called ${name}; the names are ${Object.keys(root).join(', ')}`)
  return undefined
}

function readIndex(list: Value, index: number): Value {
  return Array.isArray(list) ? list.at(index) : undefined
}

/** Slices as in Python and JMESPath. */
function slice(list: Value, from: number | null, to: number | null, by: number, meter: Meter): Value {
  if (!Array.isArray(list)) return undefined
  const { length } = list
  const clamp = (place: number, low: number, high: number) => Math.min(high, Math.max(low, place < 0 ? place + length : place))
  const forward = by > 0
  const start = from === null ? (forward ? 0 : length - 1) : clamp(from, forward ? 0 : -1, forward ? length : length - 1)
  const stop = to === null ? (forward ? length : -1) : clamp(to, forward ? 0 : -1, forward ? length : length - 1)
  const picked: Json[] = []
  // Every index between the bounds has an element.
  for (let at = start; forward ? at < stop : at > stop; at += by) picked.push(list[at] as Json)
  spend(meter, picked.length)
  return picked
}

/** Leaves out elements for which the result is missing or null, as JMESPath says. */
function project({ spread, left, right, condition }: Projection, current: Value, context: EvaluationContext): Value {
  const source = evaluate(left, current, context)
  const items = spread === 'values' ? listValues(source) : Array.isArray(source) ? source : undefined
  if (items === undefined) return undefined
  const flat = spread === 'flat' ? items.flat() : items
  spend(context.meter, flat.length)
  if (right.type === 'current' && condition === null) return flat.filter((item) => item !== null)
  const results: Json[] = []
  for (const item of flat) {
    if (condition !== null && !isTrue(evaluate(condition, item, context))) continue
    const result = evaluate(right, item, context)
    if (result !== undefined && result !== null) results.push(result)
  }
  return results
}

function listValues(source: Value): Json[] | undefined {
  return typeof source === 'object' && source !== null && !Array.isArray(source) ? Object.values(source) : undefined
}

/** A missing value compares as null. Values that cannot be ordered are an error, not false: a text in place of a number is a mistake. */
function compare(operator: Comparison, left: Value, right: Value, { meter }: EvaluationContext): Value {
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
