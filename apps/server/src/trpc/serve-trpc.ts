import { isScope, type Operation, type Problem } from '@orrery/contract'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import type { Backend } from '../backend.ts'
import { retryAfter } from '../http/answer-problem.ts'
import { TRPC_PATH } from '../http/paths.ts'
import { boundBody, requireExactNumbers } from '../http/read-body.ts'
import { readCaller } from '../http/read-caller.ts'
import type { ServerContext } from '../http/request-info.ts'
import { createRouter } from './create-router.ts'
import { problemOf } from './problem-errors.ts'

/** Bounds the work of one request. Each call of a batch is an operation of its own, with its own permission check and rate limit. */
const BATCH_MAX = 100

/** In a batch each input has its index as its name. */
const ENVELOPE = /^\["\d+"\]\.?/

export function serveTrpc(backend: Backend): (context: ServerContext) => Promise<Response> {
  const router = createRouter(backend)
  const operations = new Map(backend.operations.map((operation) => [operation.name, operation]))
  return async (context) => {
    const { info } = context.var
    const named = namedIn(context, operations)
    const bounded = await boundBody(context.req.raw, await sizeLimitFor(context, backend, named))
    const req = await requireExactNumbers(bounded, ENVELOPE, named.length === 1 ? (named[0]?.roundsNumbersIn ?? []) : []).catch(
      async (error: unknown) => {
        const caller = readCaller(context, 'trpc')
        // As on the other faces, a caller whose key is wrong hears that first.
        if (caller.credential !== null) await backend.identify(caller, null)
        throw error
      },
    )
    const answer = await fetchRequestHandler({
      endpoint: TRPC_PATH,
      req,
      router,
      maxBatchSize: BATCH_MAX,
      // A query whose input does not fit into a URL may be sent as a POST.
      allowMethodOverride: true,
      responseMeta: ({ errors }) => ({ headers: longestRetryAfter(errors.map((error) => problemOf(error, info.requestId))) }),
      createContext: () => ({ caller: readCaller(context, 'trpc', req.headers.get('idempotency-key')), info }),
    })
    // When tRPC refuses a request before it looks at the call, the body is JSON but the content type does not say so.
    const type = answer.headers.get('content-type')
    if (type === null || type.startsWith('text/plain')) answer.headers.set('Content-Type', 'application/json')
    return answer
  }
}

/** The operations that the path of a batch names. */
function namedIn({ req }: ServerContext, operations: ReadonlyMap<string, Operation>): readonly Operation[] {
  const names = req.path.slice(TRPC_PATH.length + 1).split(',')
  return names.flatMap((name) => operations.get(name) ?? [])
}

/**
 * The size limit of the body: the largest among the operations that the path names, and more than the default only for a caller that may
 * call that operation. @throws unauthenticated, rate_limited, forbidden
 */
async function sizeLimitFor(context: ServerContext, backend: Backend, named: readonly Operation[]): Promise<number> {
  const request = context.req.raw
  const length = request.headers.get('content-length')
  const isSmall = length !== null && Number(length) <= backend.maxBodyBytes
  const caller = readCaller(context, 'trpc')
  if (isSmall || request.body === null || caller.credential === null) return backend.maxBodyBytes
  let limit = backend.maxBodyBytes
  for (const { http, permission } of named) {
    if ((http.maxBodyBytes ?? 0) <= limit) continue
    await backend.identify(caller, isScope(permission) ? permission : null)
    limit = http.maxBodyBytes ?? limit
  }
  return limit
}

/** `Retry-After` of a response with several answers: when the last of those that were put off may be tried again. */
function longestRetryAfter(problems: readonly Problem[]): Record<string, string> {
  const [last] = problems.toSorted((a, b) => toMs(b) - toMs(a))
  return last === undefined ? {} : { ...retryAfter(last) }
}

const toMs = ({ retryAfterMs }: Problem): number => (typeof retryAfterMs === 'number' ? retryAfterMs : 0)
