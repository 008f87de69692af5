import { type ProblemCode, ProblemError, problem } from '@orrery/contract'

/** When a caller should try again. The engine reconnects sooner; a restart of PostgreSQL takes a few seconds. */
const RETRY_AFTER_MS = 2000

/**
 * SQLSTATE classes that say that the statement or its data is at fault, or the state in which our code left the transaction. All other
 * classes (connection, resources, operator, system, internal errors of PostgreSQL …) mean that the database cannot do now what it can do at
 * another time.
 */
const FAULT_OF_STATEMENT = /^(0[0-79A-Z]|[12]|3[^D]|4[24]|54|P0)/

/**
 * Of these classes, what has another cause: a transaction that was idle for too long (25P03, 25P04), a server that became a standby (25006), a
 * login that is refused (28).
 */
const NOT_OF_STATEMENT = /^(25P0[34]|25006|28)/

/** What `pg` reports without a code when a connection breaks, is not made in time, or has no answer in time. */
const LOST_MESSAGE =
  /^(Connection terminated|timeout e|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after)/

const CAUSES_MAX = 5

/** Names of the engine's errors for a write whose registration or fate is unknown to this process. */
const ENGINE_ERRORS: ReadonlySet<string> = new Set(['Fenced', 'Ambiguous'])

/** The problem that a caller sees for an unexpected error. It shows nothing except whether to try again. */
export function classifyFailure(error: unknown): ProblemError {
  if (isTransient(error)) {
    return problem('unavailable', 'The database cannot be reached, or cannot do this now; try again in a few seconds.', {
      retryAfterMs: RETRY_AFTER_MS,
      cause: error,
    })
  }
  return problem('internal', 'Something went wrong on our side.', { cause: error })
}

/** A serialization failure or a deadlock. Nothing was written, and a retry sees the new state. */
export function isLostRace(error: unknown): boolean {
  const code = codeOf(error)
  return code === '40001' || code === '40P01'
}

/** Problems that a caller would answer by asking again. */
const PASSING: ReadonlySet<string> = new Set<ProblemCode>(['unavailable', 'rate_limited'])

/**
 * Whether a retry may succeed: neither the statement nor its data is at fault, but the database, the network or a lack of something that may
 * return.
 */
export function isTransient(error: unknown): boolean {
  let one: unknown = error
  // Libraries wrap errors a few times at most, and an error can be its own cause.
  for (let left = CAUSES_MAX; left > 0 && one instanceof Error; left--) {
    if (one instanceof ProblemError) return PASSING.has(one.code)
    if (isTransientItself(one)) return true
    one = one.cause
  }
  return false
}

function isTransientItself(error: Error): boolean {
  const code = codeOf(error)
  // A SQLSTATE has a digit; EPIPE has not.
  if (/^(?=.*\d)[0-9A-Z]{5}$/.test(code)) {
    return isFatal(error) || NOT_OF_STATEMENT.test(code) || !FAULT_OF_STATEMENT.test(code)
  }
  return isSystemError(error, code) || error.name === 'AbortError' || ENGINE_ERRORS.has(error.name) || LOST_MESSAGE.test(error.message)
}

/** Whether the connection on which this error came can no longer be used. */
export function isLostConnection(error: unknown): error is Error {
  return error instanceof Error && (isFatal(error) || LOST_MESSAGE.test(error.message) || isSystemError(error, codeOf(error)))
}

/** PostgreSQL ended the connection with this error, or did not accept it. */
function isFatal(error: Error): boolean {
  return 'severity' in error && (error.severity === 'FATAL' || error.severity === 'PANIC')
}

/** A missing file is a mistake of ours, but a missing socket is a server that is not there. Codes with `ERR_` are Node's own. */
function isSystemError(error: Error, code: string): boolean {
  if (code === 'ENOENT') return 'syscall' in error && error.syscall === 'connect'
  return /^E(AI_)?[A-Z]+$/.test(code)
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return typeof code === 'string' ? code : ''
}
