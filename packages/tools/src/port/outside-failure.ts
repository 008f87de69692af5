import { OutsideError, type OutsideReason } from '@orrery/kernel'
import { ToolError } from './tool-port.ts'

/** What another attempt may find better: see OutsideReason. */
const passing: ReadonlySet<OutsideReason> = new Set(['name', 'connection', 'timeout'])

/**
 * A failure on the way to the outside as a tool's: `OutsideError` with the reason in its details. Anything else is a bug, or stays what it is.
 * Once the attempt was stopped, the reason for that is what is thrown, whatever broke because of it.
 */
export function toOutsideFailure(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (!(error instanceof OutsideError)) return error
  return new ToolError('OutsideError', error.message, {
    isRetryable: passing.has(error.reason),
    details: { reason: error.reason, host: error.host },
  })
}
