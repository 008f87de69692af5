import { ProblemError } from '@orrery/contract'
import { OutsideError } from '@orrery/kernel'
import { toOutsideFailure } from './outside-failure.ts'
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
    return new ToolError('ConnectionError', error.detail, { isRetryable: error.status >= 500, details: { code: error.code } })
  }
  // A bug, or a failure of the database. The message may contain anything, so it is only written to the log.
  return new ToolError('ToolFailure', 'The tool failed unexpectedly; see the log of the server', {
    isRetryable: true,
    cause: error,
  })
}
