import type { Expression } from '../expression/expression.ts'
import { findFunction, isLazy, type LazyName } from '../expression/functions/function-table.ts'
import { ANYTHING, formOf, itemsOf, listOf, type Shape, shapeOfKinds, unite, valuesOf, without } from './shape.ts'
import { type Infer, needKind, type ReadPosition, type TypeEnvironment } from './type-environment.ts'

type Call = Extract<Expression, { readonly type: 'call' }>

/** The shape of a call's result. `checkFunctionCall` must have accepted the call. */
export function inferCall({ name, args }: Call, position: ReadPosition, environment: TypeEnvironment, infer: Infer): Shape {
  if (isLazy(name)) {
    return inferLazy(
      name,
      args.map((arg) => infer(arg, position, environment)),
    )
  }
  const spec = findFunction(name)
  if (spec === null) return ANYTHING
  const plain = args.map((arg) => (arg.type === 'lambda' ? null : infer(arg, position, environment)))
  const elements = itemsOf(plain.find((shape) => shape !== null) ?? ANYTHING)
  const shapes = args.map((arg, index) => {
    if (arg.type === 'lambda') return infer(arg.body, { current: elements, isHead: true }, environment)
    const param = spec.params[index] ?? spec.rest ?? []
    const shape = plain[index] ?? ANYTHING
    if (typeof param === 'object') return needKind(shape, param, `${name}() takes`, environment)
    const list = needKind(shape, ['array'], `${name}() takes`, environment)
    if (param !== 'lambda')
      needKind(itemsOf(list), [param === 'numbers' ? 'number' : 'string'], `${name}() takes a list, each`, environment)
    return list
  })
  return resultOf(name, shapes) ?? shapeOfKinds(spec.returns)
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

/** For functions whose result depends on their argument; null for the others. */
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
