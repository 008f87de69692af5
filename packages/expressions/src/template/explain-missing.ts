import { evaluate, type Surroundings } from '../expression/evaluate-expression.ts'
import type { Expression } from '../expression/expression.ts'
import { kindOf, nameKinds, type Value } from '../expression/values.ts'

interface Trace {
  readonly value: Value
  /** The way so far, as it is written. */
  readonly label: string
  /** Where it was lost, once it was. */
  readonly lost: string | null
}

const NAMED_MAX = 12

/** Says where a path leads nowhere: `steps.briefing has no summary; it has text, title`. */
export function explainMissing(expression: Expression, around: Surroundings): string {
  return trace(expression, { value: around.root, label: '', lost: null }, around).lost ?? 'it gives nothing'
}

function trace(expression: Expression, from: Trace, around: Surroundings): Trace {
  switch (expression.type) {
    case 'chain': {
      const left = trace(expression.left, from, around)
      return left.lost === null ? trace(expression.right, left, around) : left
    }
    case 'field': {
      const value = evaluate(expression, from.value, around)
      const label = from.label === '' ? expression.name : `${from.label}.${expression.name}`
      return { value, label, lost: value === undefined ? lostField(from, expression.name) : null }
    }
    case 'index': {
      const list = trace(expression.of, from, around)
      if (list.lost !== null) return list
      const value = evaluate({ ...expression, of: { type: 'current' } }, list.value, around)
      return { value, label: `${list.label}[${expression.index}]`, lost: value === undefined ? lostPlace(list, expression.index) : null }
    }
    default: {
      const value = evaluate(expression, from.value, around)
      return { value, label: from.label, lost: value === undefined ? 'it gives nothing' : null }
    }
  }
}

function lostField({ value, label }: Trace, name: string): string {
  if (label === 'steps') return `no step has saved ${name}: it was skipped, it failed, or it comes later`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return `${label} is ${nameKinds([kindOf(value ?? null)])}, so it has no ${name}`
  }
  const names = Object.keys(value)
  const known = names.slice(0, NAMED_MAX).join(', ') + (names.length > NAMED_MAX ? ' …' : '')
  return `${label} has no ${name}${names.length === 0 ? '' : `; it has ${known}`}`
}

function lostPlace({ value, label }: Trace, index: number): string {
  if (!Array.isArray(value)) return `${label} is ${nameKinds([kindOf(value ?? null)])}, not a list`
  return `${label} has ${value.length} elements, so there is no [${index}]`
}
