import { type Problem, ProblemError, problem } from '@orrery/contract'
import type { Logger } from '../observe/logger.ts'
import { claimsIdentity } from './read-caller.ts'
import type { RequestInfo, ServerContext } from './request-info.ts'

/** What may be shown of an error: a problem as it is, anything else as `internal`, with the cause in the log under the request's id. */
export function toProblem(error: unknown, info: RequestInfo, log: Logger, instance?: string): Problem {
  // Whoever made a problem of a failure has logged the failure.
  if (error instanceof ProblemError) return error.toProblem(info.requestId, instance)
  log.error({ error, requestId: info.requestId, traceId: info.trace.traceId, operation: info.operation }, 'a request failed')
  const shown = problem('internal', 'The server met a condition it did not expect.')
  return shown.toProblem(info.requestId, instance)
}

/** RFC 9457, with `Retry-After` in seconds where the problem says when (RFC 9110 10.2.3). */
export function answerProblem(context: ServerContext, shown: Problem, headers: Readonly<Record<string, string>> = {}): Response {
  const retryAfterMs = shown.retryAfterMs
  return new Response(JSON.stringify(shown), {
    status: shown.status,
    headers: {
      'Content-Type': 'application/problem+json',
      ...(typeof retryAfterMs === 'number' ? { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) } : {}),
      // RFC 9110 15.5.2: a 401 says how to identify oneself.
      ...(shown.status === 401 ? { 'WWW-Authenticate': challenge(context.req.raw) } : {}),
      ...headers,
    },
  })
}

/** RFC 6750 3: `invalid_token` only when there was one. */
function challenge(request: Request): string {
  return claimsIdentity(request) ? 'Bearer realm="orrery", error="invalid_token"' : 'Bearer realm="orrery"'
}
