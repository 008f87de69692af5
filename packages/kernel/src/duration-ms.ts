import { problem } from '@orrery/contract'
import { parseDurationMs } from '@orrery/recurrence'

/** Milliseconds; what the grammar's pattern lets through and the reader does not (a fraction of a millisecond) is the caller's problem. */
export function durationMs(text: string, path: string): number {
  try {
    return parseDurationMs(text, path)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw problem('invalid_input', error.message, { errors: [{ path, message: error.message, expected: 'a duration such as 30m' }] })
  }
}
