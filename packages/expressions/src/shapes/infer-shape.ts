import { judgeCall } from '../expression/call-function.ts'
import type { Arithmetic, Comparison, Expression, Projection } from '../expression/expression.ts'
import { type Kind, nameKinds } from '../expression/values.ts'
import { inferCall } from './infer-call.ts'
import { readMember } from './read-member.ts'
import { needKind, type Setting, type Standing } from './setting.ts'
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

/**
 * What an expression can give. Reports what cannot work whatever the values are: names and members that do not exist, operators and
 * functions that get the wrong kind. Where nothing is known it gives ANYTHING and says nothing.
 */
export function inferShape(expression: Expression, standing: Standing, setting: Setting): Shape {
  const infer = (inner: Expression) => inferShape(inner, standing, setting)
  switch (expression.type) {
    case 'current':
      return standing.current
    case 'root':
      return setting.root
    case 'literal':
      return shapeOfValue(expression.value)
    case 'field':
      return readMember(expression.name, standing, setting)
    case 'index':
      return itemsOf(needKind(infer(expression.of), ['array'], `[${expression.index}] takes`, setting))
    case 'slice':
      return needKind(infer(expression.of), ['array'], 'a slice takes', setting)
    case 'chain':
      return inferShape(expression.right, { current: infer(expression.left), isHead: false }, setting)
    case 'projection':
      return inferProjection(expression, infer(expression.left), setting)
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
      return inferComparison(expression.operator, infer(expression.left), infer(expression.right), setting)
    case 'arithmetic':
      return inferArithmetic(expression.operator, infer(expression.left), infer(expression.right), setting)
    case 'call':
      return judgeCall(expression) === null ? inferCall(expression, standing, setting, inferShape) : ANYTHING
    case 'lambda':
      return ANYTHING
  }
}

/** Inside what an expression builds, missing is null. */
function orNull(shapes: readonly Shape[]): Shape {
  return unite([...shapes, [formOf('null')]])
}

function inferProjection({ spread, right, condition }: Projection, source: Shape, setting: Setting): Shape {
  const isValues = spread === 'values'
  const forms = needKind(source, [isValues ? 'object' : 'array'], isValues ? '* takes' : '[…] takes', setting)
  const inner = isValues ? valuesOf(forms) : itemsOf(forms)
  const elements = spread === 'flat' ? unite(inner.map((form) => (form.kind === 'array' ? form.items() : [form]))) : inner
  if (condition !== null) inferShape(condition, { current: elements, isHead: true }, setting)
  const results = inferShape(right, { current: elements, isHead: false }, setting)
  return listOf(() => results)
}

function inferComparison(operator: Comparison, left: Shape, right: Shape, setting: Setting): Shape {
  const kinds = [kindsIn(left), kindsIn(right)]
  const bothMayBe = (kind: Kind) => kinds.every((list) => list.includes(kind))
  // What may be null may be compared with anything: the answer is then null, or about null.
  const isKnown = kinds.every((list) => list.length > 0 && !list.includes('null'))
  if (!isKnown) return shapeOfKinds(['boolean'])
  if (operator === '==' || operator === '!=') {
    if (!overlaps(left, right)) {
      setting.report('warning', `${operator} is always ${operator === '!='}: ${describe(left)} is never ${describe(right)}`)
    }
  } else if (!bothMayBe('number') && !bothMayBe('string')) {
    const found = `${nameKinds(kindsIn(left))} and ${nameKinds(kindsIn(right))}`
    setting.report('error', `${operator} compares two numbers or two texts, not ${found}`)
  }
  return shapeOfKinds(['boolean'])
}

function describe(shape: Shape): string {
  const values = valuesIn(shape)
  return values === null || values.length > 6 ? nameKinds(kindsIn(shape)) : values.map((value) => JSON.stringify(value)).join(' or ')
}

/** Numbers, or a time and a duration. */
function inferArithmetic(operator: Arithmetic, left: Shape, right: Shape, setting: Setting): Shape {
  const bothMayBe = (kind: Kind) => [left, right].every((shape) => kindsIn(shape).includes(kind))
  const kinds: Kind[] = bothMayBe('number') ? ['number'] : []
  if ((operator === '+' || operator === '-') && bothMayBe('string')) kinds.push('string')
  if (kinds.length > 0) return shapeOfKinds(kinds)
  const found = `${nameKinds(kindsIn(left))} and ${nameKinds(kindsIn(right))}`
  setting.report('error', `${operator} takes two numbers, or a time and a duration, not ${found}`)
  return ANYTHING
}
