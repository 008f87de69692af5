import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import type { Backend } from '../backend.ts'
import { TRPC_PATH } from '../http/paths.ts'
import { boundBody, requireExactNumbers } from '../http/read-body.ts'
import { readCaller } from '../http/read-caller.ts'
import type { ServerContext } from '../http/request-info.ts'
import { createRouter } from './create-router.ts'

/** Bounds the work of one request. Each call of a batch is an operation of its own, with its own permission check and rate limit. */
const BATCH_MAX = 100

export function serveTrpc(backend: Backend): (context: ServerContext) => Promise<Response> {
  const router = createRouter(backend)
  // tRPC has no size limit per operation, so the largest limit applies to all of them.
  const maxBodyBytes = Math.max(backend.maxBodyBytes, ...backend.operations.map((operation) => operation.http.maxBodyBytes ?? 0))
  return async (context) => {
    const { info } = context.var
    const bounded = await boundBody(context.req.raw, await sizeLimitFor(context, backend, maxBodyBytes))
    const rounds = backend.operations.flatMap(({ name, roundsNumbersIn = [] }) => (context.req.path.endsWith(`/${name}`) ? roundsNumbersIn : []))
    const req = await requireExactNumbers(bounded, rounds)
    const answer = await fetchRequestHandler({
      endpoint: TRPC_PATH,
      req,
      router,
      maxBatchSize: BATCH_MAX,
      // A query whose input does not fit into a URL may be sent as a POST.
      allowMethodOverride: true,
      createContext: () => ({ caller: readCaller(context, 'trpc', req.headers.get('idempotency-key')), info }),
    })
    // When tRPC refuses a request before it looks at the call, the body is JSON but the content type does not say so.
    const type = answer.headers.get('content-type')
    if (type === null || type.startsWith('text/plain')) answer.headers.set('Content-Type', 'application/json')
    return answer
  }
}

/** The size limit of the body: only a caller with a valid key may send more than the default. @throws unauthenticated, rate_limited */
async function sizeLimitFor(context: ServerContext, backend: Backend, largest: number): Promise<number> {
  const request = context.req.raw
  const length = request.headers.get('content-length')
  const isSmall = length !== null && Number(length) <= backend.maxBodyBytes
  const caller = readCaller(context, 'trpc')
  if (isSmall || request.body === null || caller.credential === null) return backend.maxBodyBytes
  await backend.identify(caller, null)
  return largest
}
