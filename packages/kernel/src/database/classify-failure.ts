import { type ProblemError, problem } from '@orrery/contract'

/** Connection failures (class 08), shutdown (57P01 to 57P03), too many connections (53300), too long a standstill (25P03), and what the socket says. */
const GONE = /^(08...|57P0[123]|53300|25P03|ECONNREFUSED|ECONNRESET|ENOTFOUND|EPIPE|ETIMEDOUT)$/

/**
 * Classes of SQLSTATE that say nothing about the statement: the connection, a lost race, resources, an operator's action, the system; and a
 * transaction that was idle for too long.
 */
const PASSING = /^(08|40|53|55|57|58|25P0[34])/

/** What a caller may know of an error that nobody threw on purpose: nothing but whether to try again. */
export function classifyFailure(error: unknown): ProblemError {
  if (GONE.test(codeOf(error)) || isLostConnection(error)) {
    return problem('unavailable', 'The database cannot be reached; try again in a few seconds.', { cause: error })
  }
  return problem('internal', 'Something went wrong on our side.', { cause: error })
}

/** Serialization failure or deadlock: nothing was written, and a second try sees the new state. */
export function isLostRace(error: unknown): boolean {
  const code = codeOf(error)
  return code === '40001' || code === '40P01'
}

/** Whether the same may succeed later: a failure of the database or the network, but not one of the statement itself. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = codeOf(error)
  // EPIPE is no SQLSTATE: those have a digit.
  if (/^(?=.*\d)[0-9A-Z]{5}$/.test(code)) return PASSING.test(code)
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

/** pg reports these two without a code. */
function isLostConnection(error: unknown): boolean {
  return error instanceof Error && /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message)
}
