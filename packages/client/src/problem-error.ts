import type { FieldError, Problem, ProblemCode } from '@orrery/contract'

/** The server refused the request or failed (RFC 9457). A newer server may send codes that this client does not know. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode | (string & {})
  readonly status: number
  readonly problem: Partial<Problem>

  constructor(problem: Partial<Problem>, status: number) {
    super(problem.detail ?? problem.title ?? `The server answered with status ${status}`)
    this.code = problem.code ?? `http_${status}`
    this.status = status
    this.problem = problem
  }

  /** The fields at fault; empty if the problem is not about fields. */
  get fields(): readonly FieldError[] {
    return this.problem.errors ?? []
  }
}

/** The server could not be reached, or did not answer, at every attempt. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
  readonly url: string

  constructor(url: string, cause: unknown) {
    super(`${url} cannot be reached: ${describeCause(cause)}`, { cause })
    this.url = url
  }
}

/** The cause explains more than `fetch failed` does: `connect ECONNREFUSED 127.0.0.1:8787`. */
function describeCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors.length > 0) return describeCause(error.errors[0])
  return error.cause === undefined ? error.message : describeCause(error.cause)
}
