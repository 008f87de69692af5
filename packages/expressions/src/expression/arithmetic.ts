import type { Json } from '@orrery/contract'
import type { Arithmetic } from './expression.ts'
import { typeError } from './expression-error.ts'
import { moveTime, readDuration } from './time-values.ts'
import { kindOf, nameKinds } from './values.ts'

/** Two numbers, or a time (or date) plus or minus a duration. Throws ExpressionError. */
export function calculate(operator: Arithmetic, left: Json, right: Json): Json {
  if (typeof left === 'number' && typeof right === 'number') return checkNumber(calculateNumber(operator, left, right), operator)
  if (typeof left === 'string' && typeof right === 'string' && (operator === '+' || operator === '-')) {
    const ms = readDuration(right)
    const moved = ms === null ? null : moveTime(left, operator === '+' ? ms : -ms)
    if (moved !== null) return moved
    throw typeError(`${operator} takes a time and a duration (now + 24h); to join texts write join('', [a, b])`)
  }
  throw typeError(
    `${operator} takes two numbers, or a time and a duration, not ${nameKinds([kindOf(left)])} and ${nameKinds([kindOf(right)])}`,
  )
}

function calculateNumber(operator: Arithmetic, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      return left % right
  }
}

/** JSON has neither infinity nor NaN, and -0 would become 0 after a replay. */
export function checkNumber(value: number, what: string): number {
  if (!Number.isFinite(value)) throw typeError(`the result of ${what} is not a finite number: it was divided by zero, or is too large`)
  return value === 0 ? 0 : value
}
