import type { Expression } from '../expression/expression.ts'
import { findFunction, isLazy, type LazyName } from '../expression/functions/function-table.ts'
import { type Infer, needKind, type Setting, type Standing } from './setting.ts'
import { ANYTHING, formOf, itemsOf, listOf, type Shape, shapeOfKinds, unite, valuesOf, without } from './shape.ts'

type Call = Extract<Expression, { readonly type: 'call' }>

/** What a call gives; `judgeCall` has nothing against it. */
export function inferCall({ name, args }: Call, standing: Standing, setting: Setting, infer: Infer): Shape {
  if (isLazy(name)) {
    return inferLazy(
      name,
      args.map((arg) => infer(arg, standing, setting)),
    )
  }
  const spec = findFunction(name)
  if (spec === null) return ANYTHING
  const plain = args.map((arg) => (arg.type === 'lambda' ? null : infer(arg, standing, setting)))
  const elements = itemsOf(plain.find((shape) => shape !== null) ?? ANYTHING)
  const shapes = args.map((arg, index) => {
    if (arg.type === 'lambda') return infer(arg.body, { current: elements, isHead: true }, setting)
    const param = spec.params[index] ?? spec.rest ?? []
    const shape = plain[index] ?? ANYTHING
    if (typeof param === 'object') return needKind(shape, param, `${name}() takes`, setting)
    const list = needKind(shape, ['array'], `${name}() takes`, setting)
    if (param !== 'lambda') needKind(itemsOf(list), [param === 'numbers' ? 'number' : 'string'], `${name}() takes a list, each`, setting)
    return list
  })
  return resultOf(name, shapes) ?? shapeOfKinds(spec.gives)
}

function inferLazy(name: LazyName, shapes: readonly Shape[]): Shape {
  switch (name) {
    case 'if':
      return unite(shapes.slice(1))
    case 'default': {
      const [first = ANYTHING, second = ANYTHING] = shapes
      return unite([...[without(first, 'null')].filter((shape) => shape.length > 0), second])
    }
    case 'not_null':
      return unite(shapes)
  }
}

/** Functions whose result has to do with what they got; null for the others. */
function resultOf(name: string, [first = ANYTHING]: readonly Shape[]): Shape | null {
  switch (name) {
    case 'sort':
    case 'sort_by':
    case 'reverse':
      return first
    case 'max':
    case 'min':
    case 'max_by':
    case 'min_by':
      return unite([itemsOf(first), [formOf('null')]])
    case 'map':
      return listOf(() => unite([first, [formOf('null')]]))
    case 'keys':
    case 'split':
      return listOf(() => [formOf('string')])
    case 'values':
      return listOf(() => valuesOf(first))
    case 'to_array':
      return unite([first.filter(({ kind }) => kind === 'array'), listOf(() => unite([without(first, 'array')]))])
    default:
      return null
  }
}
