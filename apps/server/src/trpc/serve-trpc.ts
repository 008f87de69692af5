import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import type { Backend } from '../backend.ts'
import { TRPC_PATH } from '../http/paths.ts'
import { boundBody } from '../http/read-body.ts'
import { readCaller } from '../http/read-caller.ts'
import type { ServerContext } from '../http/request-info.ts'
import { createRouter } from './create-router.ts'

/** Calls of one batch are separate operations, each with its own rate and permission; this bounds the work of one request. */
const MAX_BATCH = 100

export function serveTrpc(backend: Backend): (context: ServerContext) => Promise<Response> {
  const router = createRouter(backend)
  // tRPC does not say per operation what may be large, so the largest of them is the bound for all.
  const maxBodyBytes = Math.max(backend.maxBodyBytes, ...backend.operations.map((operation) => operation.http.maxBodyBytes ?? 0))
  return async (context) => {
    const { info } = context.var
    const req = await boundBody(context.req.raw, await boundFor(context, backend, maxBodyBytes))
    const answer = await fetchRequestHandler({
      endpoint: TRPC_PATH,
      req,
      router,
      maxBatchSize: MAX_BATCH,
      // A query whose input does not fit into an address may come as a POST.
      allowMethodOverride: true,
      createContext: () => ({ caller: readCaller(context, 'trpc', req.headers.get('idempotency-key')), info }),
    })
    // What tRPC refuses before it has looked at the call is JSON, too, but does not say so.
    const type = answer.headers.get('content-type')
    if (type === null || type.startsWith('text/plain')) answer.headers.set('Content-Type', 'application/json')
    return answer
  }
}

/** Only who has a key makes the server read more than it takes by default. @throws unauthenticated, rate_limited */
async function boundFor(context: ServerContext, backend: Backend, largest: number): Promise<number> {
  const request = context.req.raw
  const length = request.headers.get('content-length')
  const isSmall = length !== null && Number(length) <= backend.maxBodyBytes
  const caller = readCaller(context, 'trpc')
  if (isSmall || request.body === null || caller.credential === null) return backend.maxBodyBytes
  await backend.identify(caller, null)
  return largest
}
