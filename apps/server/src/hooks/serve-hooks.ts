import type { Core } from '@orrery/core'
import type { Backend } from '../backend.ts'
import { readBytes } from '../http/read-body.ts'
import type { ServerContext } from '../http/request-info.ts'

/**
 * Deliveries at the secret addresses of webhook triggers: no key, any body. Whatever is wrong with an address or a signature looks like an
 * address that is not there.
 */
export function serveHooks(backend: Backend, receive: Core['receiveWebhook']): (context: ServerContext) => Promise<Response> {
  return async (context) => {
    const { headers } = context.req.raw
    const body = await readBytes(context.req.raw, backend.maxBodyBytes)
    const receipt = await receive({ token: context.req.param('token') ?? '', body, header: (name) => headers.get(name) })
    return Response.json(receipt, { status: 202 })
  }
}
