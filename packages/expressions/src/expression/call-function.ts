import type { Json } from '@orrery/contract'
import { checkNumber } from './arithmetic.ts'
import type { Expression } from './expression.ts'
import { ExpressionError, typeError } from './expression-error.ts'
import type { Argument, CallContext, Param } from './functions/function-spec.ts'
import { arityOf, FUNCTION_NAMES, findFunction, isLazy, type LazyName } from './functions/function-table.ts'
import { spend } from './meter.ts'
import { suggest } from './suggest.ts'
import { isTrue, type Kind, kindOf, nameKinds, type Value } from './values.ts'

type Call = Extract<Expression, { readonly type: 'call' }>
/** Evaluates an argument, with the current value of the call, or with `element` as the current value. */
type Evaluate = (expression: Expression, element?: Json) => Value

/** Fuel for a call, in addition to what the function itself spends. */
const CALL_FUEL = 3

export function callFunction(call: Call, evaluate: Evaluate, context: CallContext): Value {
  const complaint = checkFunctionCall(call)
  if (complaint !== null) throw new ExpressionError('syntax', complaint)
  const { name, args } = call
  if (isLazy(name)) return callLazy(name, args, evaluate)
  const spec = findFunction(name)
  // checkFunctionCall has refused every other name.
  if (spec === null) return undefined
  spend(context.meter, CALL_FUEL)
  const values = args.map((arg, index) => toArgument(name, arg, spec.params[index] ?? spec.rest ?? [], evaluate, context))
  const result = spec.apply(values, context)
  return typeof result === 'number' ? checkNumber(result, `${name}()`) : result
}

/** Checks a call without its values: an unknown function, the number of arguments, a misplaced `&`. Returns the message, or null. */
export function checkFunctionCall({ name, args }: Call): string | null {
  const arity = arityOf(name)
  if (arity === null) return `there is no function ${name}()${suggest(name, FUNCTION_NAMES)}`
  const { least, most } = arity
  if (args.length < least || args.length > most) {
    const count = least === most ? String(least) : `${least} to ${most}`
    return `${name}() takes ${count} argument${count === '1' ? '' : 's'}, not ${args.length}`
  }
  const spec = findFunction(name)
  const misplaced = args.findIndex((arg, index) => (arg.type === 'lambda') !== ((spec?.params[index] ?? spec?.rest) === 'lambda'))
  if (misplaced < 0) return null
  return args[misplaced]?.type === 'lambda'
    ? `${name}() does not take & before argument ${misplaced + 1}`
    : `argument ${misplaced + 1} of ${name}() needs &, as in ${name}(list, &name)`
}

function callLazy(name: LazyName, args: readonly Expression[], evaluate: Evaluate): Value {
  const [first, second, third] = args
  // checkFunctionCall has counted the arguments.
  if (first === undefined) return undefined
  switch (name) {
    case 'if': {
      const chosen = isTrue(evaluate(first)) ? second : third
      return chosen === undefined ? undefined : evaluate(chosen)
    }
    case 'default':
      return evaluate(first) ?? (second === undefined ? undefined : evaluate(second))
    case 'not_null':
      for (const arg of args) {
        const value = evaluate(arg)
        if (value !== undefined && value !== null) return value
      }
      return null
  }
}

function toArgument(name: string, arg: Expression, param: Param, evaluate: Evaluate, context: CallContext): Argument {
  if (arg.type === 'lambda') return (element) => evaluate(arg.body, element) ?? null
  const value = evaluate(arg)
  if (value === undefined) throw new ExpressionError('missing', `an argument of ${name}() is missing`)
  const kind = kindOf(value)
  const kinds = kindsOf(param)
  if (!kinds.includes(kind)) throw typeError(`${name}() takes ${nameKinds(kinds)}, not ${nameKinds([kind])}`)
  if (param === 'numbers' || param === 'texts') {
    const wanted = param === 'numbers' ? 'number' : 'string'
    const list = value as Json[]
    spend(context.meter, list.length)
    const odd = list.find((item) => typeof item !== wanted)
    if (odd !== undefined) throw typeError(`${name}() takes a list of ${param}; this one contains ${nameKinds([kindOf(odd)])}`)
  }
  return value
}

function kindsOf(param: Param): readonly Kind[] {
  if (param === 'numbers' || param === 'texts') return ['array']
  return param === 'lambda' ? [] : param
}
