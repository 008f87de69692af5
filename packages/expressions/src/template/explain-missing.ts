import { type EvaluationContext, evaluate } from '../expression/evaluate-expression.ts'
import type { Expression } from '../expression/expression.ts'
import { kindOf, nameKinds, type Value } from '../expression/values.ts'

interface Trace {
  readonly value: Value
  /** The path so far, as written. */
  readonly label: string
  /** Why the path leads nowhere; null while it leads to a value. */
  readonly lost: string | null
}

const NAMED_MAX = 12

/** Explains where a path leads nowhere: `steps.briefing has no summary; it has text, title`. */
export function explainMissing(expression: Expression, context: EvaluationContext): string {
  return trace(expression, { value: context.root, label: '', lost: null }, context).lost ?? 'it has no value'
}

function trace(expression: Expression, from: Trace, context: EvaluationContext): Trace {
  switch (expression.type) {
    case 'chain': {
      const left = trace(expression.left, from, context)
      return left.lost === null ? trace(expression.right, left, context) : left
    }
    case 'field': {
      const value = evaluate(expression, from.value, context)
      const label = from.label === '' ? expression.name : `${from.label}.${expression.name}`
      return { value, label, lost: value === undefined ? explainMissingField(from, expression.name) : null }
    }
    case 'index': {
      const list = trace(expression.of, from, context)
      if (list.lost !== null) return list
      const value = evaluate({ ...expression, of: { type: 'current' } }, list.value, context)
      return {
        value,
        label: `${list.label}[${expression.index}]`,
        lost: value === undefined ? explainMissingElement(list, expression.index) : null,
      }
    }
    default: {
      const value = evaluate(expression, from.value, context)
      return { value, label: from.label, lost: value === undefined ? 'it has no value' : null }
    }
  }
}

function explainMissingField({ value, label }: Trace, name: string): string {
  if (label === 'steps') return `no step has saved ${name}: it was skipped, it failed, or it comes later`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `${label} is ${nameKinds([kindOf(value ?? null)])}, so it has no ${name}`
  }
  const names = Object.keys(value)
  const known = names.slice(0, NAMED_MAX).join(', ') + (names.length > NAMED_MAX ? ' …' : '')
  return `${label} has no ${name}${names.length === 0 ? '' : `; it has ${known}`}`
}

function explainMissingElement({ value, label }: Trace, index: number): string {
  if (!Array.isArray(value)) return `${label} is ${nameKinds([kindOf(value ?? null)])}, not a list`
  return `${label} has ${value.length} elements, so there is no [${index}]`
}
