import { type ProblemError, problem } from '@orrery/contract'

/**
 * Connection failures (class 08), shutdown (57P01 to 57P03), too many connections (53300), idle for too long (25P03), and errors of the
 * socket.
 */
const GONE = /^(08...|57P0[123]|53300|25P03|ECONNREFUSED|ECONNRESET|ENOTFOUND|EPIPE|ETIMEDOUT)$/

/**
 * SQLSTATE classes that are not the statement's fault: connection (08), serialization failure (40), resources (53), state of an object
 * (55), operator intervention (57), system error (58); and a transaction that was idle for too long (25P03, 25P04).
 */
const TRANSIENT = /^(08|40|53|55|57|58|25P0[34])/

/** The problem that a caller sees for an unexpected error. It shows nothing except whether to try again. */
export function classifyFailure(error: unknown): ProblemError {
  if (GONE.test(codeOf(error)) || isLostConnection(error)) {
    return problem('unavailable', 'The database cannot be reached; try again in a few seconds.', { cause: error })
  }
  return problem('internal', 'Something went wrong on our side.', { cause: error })
}

/** A serialization failure or a deadlock. Nothing was written, and a retry sees the new state. */
export function isLostRace(error: unknown): boolean {
  const code = codeOf(error)
  return code === '40001' || code === '40P01'
}

/** Whether a retry may succeed: a failure of the database or the network, but not of the statement itself. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = codeOf(error)
  // A SQLSTATE has a digit; EPIPE has not.
  if (/^(?=.*\d)[0-9A-Z]{5}$/.test(code)) return TRANSIENT.test(code)
  return (
    /^E(?!RR_)[A-Z]+$/.test(code) ||
    error.name === 'AbortError' ||
    /^(Connection terminated|timeout exceeded|Client has encountered)/.test(error.message)
  )
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : ''
}

/** pg reports these two errors without a code. */
function isLostConnection(error: unknown): boolean {
  return error instanceof Error && /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
}
