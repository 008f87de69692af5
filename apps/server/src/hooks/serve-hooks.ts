import type { Core } from '@orrery/core'
import type { Backend } from '../backend.ts'
import { readBytes } from '../http/read-body.ts'
import type { ServerContext } from '../http/request-info.ts'

/**
 * Receives deliveries at the secret addresses of webhook triggers, without a key and with any body. A wrong address and a wrong
 * signature get the same answer as an address that does not exist.
 */
export function serveHooks(backend: Backend, receive: Core['receiveWebhook']): (context: ServerContext) => Promise<Response> {
  return async (context) => {
    const { headers } = context.req.raw
    const body = await readBytes(context.req.raw, backend.maxBodyBytes)
    const { address } = context.var.info
    const token = context.req.param('token') ?? ''
    const receipt = await receive({ token, body, header: (name) => headers.get(name), ...(address === null ? {} : { address }) })
    return Response.json(receipt, { status: 202 })
  }
}
