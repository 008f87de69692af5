import { problem } from '@orrery/contract'
import { parseDurationMs } from '@orrery/recurrence'

/**
 * A duration in milliseconds. The pattern in the contract is a little wider than the parser: it accepts fractions of a millisecond.
 * @throws invalid_input
 */
export function durationMs(text: string, path: string): number {
  try {
    return parseDurationMs(text, path)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw problem('invalid_input', error.message, { errors: [{ path, message: error.message, expected: 'a duration such as 30m' }] })
  }
}
