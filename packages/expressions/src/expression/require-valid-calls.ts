import { checkFunctionCall } from './call-function.ts'
import type { Expression } from './expression.ts'
import { ExpressionError } from './expression-error.ts'

/** Throws ExpressionError for calls that cannot work, whatever the values are. */
export function requireValidCalls(expression: Expression): void {
  if (expression.type === 'call') {
    const complaint = checkFunctionCall(expression)
    if (complaint !== null) throw new ExpressionError('syntax', complaint)
  }
  for (const part of partsOf(expression)) requireValidCalls(part)
}

function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.type) {
    case 'current':
    case 'root':
    case 'literal':
    case 'field':
      return []
    case 'index':
    case 'slice':
    case 'not':
      return [expression.of]
    case 'chain':
    case 'or':
    case 'and':
    case 'compare':
    case 'arithmetic':
      return [expression.left, expression.right]
    case 'projection':
      return [expression.left, expression.right, ...(expression.condition === null ? [] : [expression.condition])]
    case 'list':
      return expression.items
    case 'object':
      return expression.entries.map(([, value]) => value)
    case 'call':
      return expression.args
    case 'lambda':
      return [expression.body]
  }
}
