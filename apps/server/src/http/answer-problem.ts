import { type Problem, ProblemError } from '@orrery/contract'
import { classifyFailure } from '@orrery/kernel'
import type { Logger } from '../observe/logger.ts'
import { claimsIdentity } from './read-caller.ts'
import type { RequestInfo, ServerContext } from './request-info.ts'

/** The problem to show for an error: a `ProblemError` as it is, any other as `unavailable` or `internal`, with its cause in the log. */
export function toProblem(error: unknown, info: RequestInfo, log: Logger, instance?: string): Problem {
  // The code that turned a failure into a problem has already logged the failure.
  if (error instanceof ProblemError) return error.toProblem(info.requestId, instance)
  log.error({ error, requestId: info.requestId, traceId: info.trace.traceId, operation: info.operation }, 'a request failed')
  return classifyFailure(error).toProblem(info.requestId, instance)
}

/** A response as of RFC 9457, with `Retry-After` in seconds if the problem says when to retry (RFC 9110 10.2.3). */
export function answerProblem(context: ServerContext, shown: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(shown), {
    status: shown.status,
    headers: {
      'Content-Type': 'application/problem+json',
      ...retryAfter(shown),
      // RFC 9110 15.5.2: a 401 must carry a challenge.
      ...(shown.status === 401 ? { 'WWW-Authenticate': challenge(context.req.raw) } : {}),
      ...headers,
    },
  })
}

export function retryAfter({ retryAfterMs }: Problem): { readonly 'Retry-After'?: string } {
  return typeof retryAfterMs === 'number' ? { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) } : {}
}

/** RFC 6750 3: `invalid_token` only if the request had credentials. */
function challenge(request: Request): string {
  return claimsIdentity(request) ? 'Bearer realm="orrery", error="invalid_token"' : 'Bearer realm="orrery"'
}
