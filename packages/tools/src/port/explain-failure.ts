import { ProblemError } from '@orrery/contract'
import { OutsideError, type OutsideReason } from '@orrery/kernel'
import { ToolError } from './tool-port.ts'

export type CallFailure =
  | { readonly outcome: 'failed'; readonly thrown: ToolError }
  | { readonly outcome: 'stopped'; readonly thrown: unknown; readonly reason: string }

/** The failure that the caller of the tool gets: a ToolError, or the abort reason if the caller stopped the call. */
export function explainFailure(error: unknown, signal: AbortSignal): CallFailure {
  if (error instanceof ToolError) return { outcome: 'failed', thrown: error }
  if (signal.aborted) {
    const { reason } = signal
    return { outcome: 'stopped', thrown: reason, reason: reason instanceof Error ? reason.name : 'stopped' }
  }
  return { outcome: 'failed', thrown: toToolError(error, signal) }
}

function toToolError(error: unknown, signal: AbortSignal): ToolError {
  if (error instanceof OutsideError) return toOutsideFailure(error, signal) as ToolError
  // The connection was deleted or cannot be opened. Only a person can fix that.
  if (error instanceof ProblemError) {
    if (error.code === 'rate_limited') return new ToolError('RateLimited', error.detail, { isRetryable: true })
    return new ToolError('ConnectionError', error.detail, { isRetryable: error.status >= 500, details: { code: error.code } })
  }
  // A bug, or a failure of the database. The message may contain anything, so it is only written to the log.
  return new ToolError('ToolFailure', 'The tool failed unexpectedly; see the log of the server', {
    isRetryable: true,
    cause: error,
  })
}

/** Reasons that may disappear on a retry: see OutsideReason. */
const transientReasons: ReadonlySet<OutsideReason> = new Set(['name', 'connection', 'timeout'])

/**
 * Turns an OutsideError into a ToolError of the same name, with the reason in its details. Returns any other error unchanged.
 * If the attempt was stopped, returns the abort reason, because the error is only a consequence of it.
 */
function toOutsideFailure(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (!(error instanceof OutsideError)) return error
  return new ToolError('OutsideError', error.message, {
    isRetryable: transientReasons.has(error.reason),
    details: { reason: error.reason, host: error.host },
  })
}
