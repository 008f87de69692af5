import { AsyncLocalStorage } from 'node:async_hooks'
import { type JSONRPCMessage, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

type SendOptions = Parameters<StreamableHTTPClientTransport['send']>[1]

/** The end of the call that a request is sent for. */
const callEnd = new AsyncLocalStorage<AbortSignal>()

/**
 * Calls something over HTTP and leaves no request of it open. To a server of the older protocol the library only says that a call was given up,
 * and goes on waiting for its answer: one that hangs would hold a connection for each call until the session ends.
 */
export async function leaveNothingOpen<T>(call: () => Promise<T>): Promise<T> {
  const controller = new AbortController()
  try {
    return await callEnd.run(controller.signal, call)
  } finally {
    controller.abort()
  }
}

export class HttpTransport extends StreamableHTTPClientTransport {
  override send(message: JSONRPCMessage | JSONRPCMessage[], options?: SendOptions): Promise<void> {
    const ended = callEnd.getStore()
    // What is only told, such as that a call was given up, is sent in any case.
    if (ended === undefined || Array.isArray(message) || !('id' in message)) return super.send(message, options)
    const requestSignal = options?.requestSignal === undefined ? ended : AbortSignal.any([ended, options.requestSignal])
    return super.send(message, { ...options, requestSignal })
  }
}
