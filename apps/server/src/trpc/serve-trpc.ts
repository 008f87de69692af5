import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import type { Backend } from '../backend.ts'
import { TRPC_PATH } from '../http/paths.ts'
import { boundBody } from '../http/read-body.ts'
import { bearerToken, type ServerContext } from '../http/request-info.ts'
import { createRouter } from './create-router.ts'

/** Calls of one batch are separate operations, each with its own rate and permission; this bounds the work of one request. */
const MAX_BATCH = 100

export function serveTrpc(backend: Backend): (context: ServerContext) => Promise<Response> {
  const router = createRouter(backend)
  // tRPC does not say per operation what may be large, so the largest of them is the bound for all.
  const maxBodyBytes = Math.max(backend.maxBodyBytes, ...backend.operations.map((operation) => operation.http.maxBodyBytes ?? 0))
  return async (context) => {
    const { info } = context.var
    const req = await boundBody(context.req.raw, maxBodyBytes)
    return await fetchRequestHandler({
      endpoint: TRPC_PATH,
      req,
      router,
      maxBatchSize: MAX_BATCH,
      // A query whose input does not fit into an address may come as a POST.
      allowMethodOverride: true,
      createContext: () => ({ key: bearerToken(req), idempotencyKey: req.headers.get('idempotency-key'), info }),
    })
  }
}
