import { ProblemError } from '@orrery/contract'
import { OutsideError } from '@orrery/kernel'
import { toOutsideFailure } from './outside-failure.ts'
import { ToolError } from './tool-port.ts'

export type CallFailure =
  | { readonly outcome: 'failed'; readonly thrown: ToolError }
  | { readonly outcome: 'stopped'; readonly thrown: unknown; readonly reason: string }

/** What a call ended with, as its caller gets it: a ToolError, or the reason why the caller himself stopped it. */
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
  // Connections that are gone or cannot be opened: only a person changes that.
  if (error instanceof ProblemError) {
    return new ToolError('ConnectionError', error.detail, { isRetryable: error.status >= 500, details: { code: error.code } })
  }
  // A bug, or the database. Its text may name anything, so it stays in the log.
  return new ToolError('ToolFailure', 'The tool failed for a reason of its own; the log of the server has it', {
    isRetryable: true,
    cause: error,
  })
}
