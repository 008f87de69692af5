import { PROBLEMS, type Problem, type ProblemCode, problem } from '@orrery/contract'
import { type TRPC_ERROR_CODE_KEY, TRPCError } from '@trpc/server'

/** The tRPC error code for each status. */
const CODE_OF_STATUS: Readonly<Record<number, TRPC_ERROR_CODE_KEY>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  503: 'SERVICE_UNAVAILABLE',
}

/** The problem for each error that tRPC itself raises, before an operation is called. */
const PROBLEM_OF_CODE: Partial<Record<TRPC_ERROR_CODE_KEY, ProblemCode>> = {
  PARSE_ERROR: 'invalid_input',
  BAD_REQUEST: 'invalid_input',
  NOT_FOUND: 'not_found',
  METHOD_NOT_SUPPORTED: 'method_not_allowed',
  PAYLOAD_TOO_LARGE: 'payload_too_large',
  UNSUPPORTED_MEDIA_TYPE: 'unsupported_media_type',
}

/** Carries a problem through tRPC, as the cause of a TRPCError. */
class CarriedProblem extends Error {
  override readonly name = 'CarriedProblem'
  readonly problem: Problem

  constructor(carried: Problem) {
    super(carried.detail)
    this.problem = carried
  }
}

export function toTrpcError(shown: Problem): TRPCError {
  const cause = new CarriedProblem(shown)
  return new TRPCError({ code: CODE_OF_STATUS[shown.status] ?? 'INTERNAL_SERVER_ERROR', message: `${shown.title}: ${shown.detail}`, cause })
}

export function problemOf(error: TRPCError, requestId: string | undefined): Problem {
  if (error.cause instanceof CarriedProblem) return error.cause.problem
  const code = PROBLEM_OF_CODE[error.code] ?? 'internal'
  const detail = code === 'internal' ? 'The server failed in an unexpected way.' : error.message.slice(0, 500)
  return problem(code, detail || PROBLEMS[code].title).toProblem(requestId)
}
