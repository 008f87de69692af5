import { checkFunctionCall } from '../expression/call-function.ts'
import type { Arithmetic, Comparison, Expression, Projection } from '../expression/expression.ts'
import { type Kind, nameKinds } from '../expression/values.ts'
import { inferCall } from './infer-call.ts'
import { readMember } from './read-member.ts'
import {
  ANYTHING,
  formOf,
  itemsOf,
  kindsIn,
  listOf,
  objectOf,
  overlaps,
  type Shape,
  shapeOfKinds,
  shapeOfValue,
  unite,
  valuesIn,
  valuesOf,
} from './shape.ts'
import { needKind, type ReadPosition, type TypeEnvironment } from './type-environment.ts'

/**
 * The shape of an expression's value. Reports whatever cannot work for any value: names and members that do not exist, operators and
 * functions that get the wrong kind. Returns ANYTHING, without a report, where nothing is known.
 */
export function inferShape(expression: Expression, position: ReadPosition, environment: TypeEnvironment): Shape {
  const infer = (inner: Expression) => inferShape(inner, position, environment)
  switch (expression.type) {
    case 'current':
      return position.current
    case 'root':
      return environment.root
    case 'literal':
      return shapeOfValue(expression.value)
    case 'field':
      return readMember(expression.name, position, environment)
    case 'index':
      return itemsOf(needKind(infer(expression.of), ['array'], `[${expression.index}] takes`, environment))
    case 'slice':
      return needKind(infer(expression.of), ['array'], 'a slice takes', environment)
    case 'chain':
      return inferShape(expression.right, { current: infer(expression.left), isHead: false }, environment)
    case 'projection':
      return inferProjection(expression, infer(expression.left), environment)
    case 'list': {
      const items = orNull(expression.items.map(infer))
      return listOf(() => items)
    }
    case 'object':
      return objectOf(expression.entries.map(([name, item]) => [name, orNull([infer(item)])]))
    case 'or':
    case 'and':
      return unite([infer(expression.left), infer(expression.right)])
    case 'not':
      infer(expression.of)
      return shapeOfKinds(['boolean'])
    case 'compare':
      return inferComparison(expression.operator, infer(expression.left), infer(expression.right), environment)
    case 'arithmetic':
      return inferArithmetic(expression.operator, infer(expression.left), infer(expression.right), environment)
    case 'call':
      return checkFunctionCall(expression) === null ? inferCall(expression, position, environment, inferShape) : ANYTHING
    case 'lambda':
      return ANYTHING
  }
}

/** In a list or object that an expression builds, a missing value becomes null. */
function orNull(shapes: readonly Shape[]): Shape {
  return unite([...shapes, [formOf('null')]])
}

function inferProjection({ spread, right, condition }: Projection, source: Shape, environment: TypeEnvironment): Shape {
  const isValues = spread === 'values'
  const forms = needKind(source, [isValues ? 'object' : 'array'], isValues ? '* takes' : '[…] takes', environment)
  const inner = isValues ? valuesOf(forms) : itemsOf(forms)
  const elements = spread === 'flat' ? unite(inner.map((form) => (form.kind === 'array' ? form.items() : [form]))) : inner
  if (condition !== null) inferShape(condition, { current: elements, isHead: true }, environment)
  const results = inferShape(right, { current: elements, isHead: false }, environment)
  return listOf(() => results)
}

function inferComparison(operator: Comparison, left: Shape, right: Shape, environment: TypeEnvironment): Shape {
  const kinds = [kindsIn(left), kindsIn(right)]
  const bothMayBe = (kind: Kind) => kinds.every((list) => list.includes(kind))
  // A value that may be null can be compared with anything: the result is then null, or the comparison tests for null.
  const isKnown = kinds.every((list) => list.length > 0 && !list.includes('null'))
  if (!isKnown) return shapeOfKinds(['boolean'])
  if (operator === '==' || operator === '!=') {
    if (!overlaps(left, right)) {
      environment.report('warning', `${operator} is always ${operator === '!='}: ${describe(left)} is never ${describe(right)}`)
    }
  } else if (!bothMayBe('number') && !bothMayBe('string')) {
    const found = `${nameKinds(kindsIn(left))} and ${nameKinds(kindsIn(right))}`
    environment.report('error', `${operator} compares two numbers or two texts, not ${found}`)
  }
  return shapeOfKinds(['boolean'])
}

function describe(shape: Shape): string {
  const values = valuesIn(shape)
  return values === null || values.length > 6 ? nameKinds(kindsIn(shape)) : values.map((value) => JSON.stringify(value)).join(' or ')
}

/** Two numbers, or a time and a duration. */
function inferArithmetic(operator: Arithmetic, left: Shape, right: Shape, environment: TypeEnvironment): Shape {
  const bothMayBe = (kind: Kind) => [left, right].every((shape) => kindsIn(shape).includes(kind))
  const kinds: Kind[] = bothMayBe('number') ? ['number'] : []
  if ((operator === '+' || operator === '-') && bothMayBe('string')) kinds.push('string')
  if (kinds.length > 0) return shapeOfKinds(kinds)
  const found = `${nameKinds(kindsIn(left))} and ${nameKinds(kindsIn(right))}`
  environment.report('error', `${operator} takes two numbers, or a time and a duration, not ${found}`)
  return ANYTHING
}
