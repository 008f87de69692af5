import type { Failure } from '../workflow/protocol.ts'

/** The error of a run that was stopped, whether its code ended or no worker had it. @param reason of a request to cancel it */
export function stopped(status: 'cancelled' | 'timed_out', reason: string): Failure {
  return status === 'timed_out'
    ? { name: 'CancelledError', message: 'the run took longer than its time limit', kind: 'timeout' }
    : { name: 'CancelledError', message: `the run was cancelled: ${reason}`, kind: 'cancelled' }
}
