import { problem } from '@orrery/contract'
import { ExpressionError, localDate } from '@orrery/expressions'

/** @throws invalid_input */
export function requireTimezone(timezone: string): void {
  try {
    localDate(0, timezone)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    throw problem('invalid_input', `${error.message}.`, {
      errors: [{ path: 'timezone', message: error.message, expected: 'Europe/Berlin' }],
    })
  }
}
