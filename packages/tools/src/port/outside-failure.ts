import { OutsideError, type OutsideReason } from '@orrery/kernel'
import { ToolError } from './tool-port.ts'

/** Reasons that may disappear on a retry: see OutsideReason. */
const transientReasons: ReadonlySet<OutsideReason> = new Set(['name', 'connection', 'timeout'])

/**
 * Turns an OutsideError into a ToolError of the same name, with the reason in its details. Returns any other error unchanged.
 * If the attempt was stopped, returns the abort reason, because the error is only a consequence of it.
 */
export function toOutsideFailure(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (!(error instanceof OutsideError)) return error
  return new ToolError('OutsideError', error.message, {
    isRetryable: transientReasons.has(error.reason),
    details: { reason: error.reason, host: error.host },
  })
}
