import { AsyncLocalStorage } from 'node:async_hooks'
import { type JSONRPCMessage, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

type SendOptions = Parameters<StreamableHTTPClientTransport['send']>[1]

/** The signal that is aborted when the call that sends a request ends. */
const callEnd = new AsyncLocalStorage<AbortSignal>()

/**
 * Runs a call over HTTP, and aborts its open requests when it ends. With the older protocol, the library only notifies the server that a
 * call was cancelled and still waits for the answer, so a server that hangs would hold a connection for each call until the session ends.
 */
export async function abortRequestsAfter<T>(call: () => Promise<T>): Promise<T> {
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
    // Notifications, such as a cancellation, are sent in any case.
    if (ended === undefined || Array.isArray(message) || !('id' in message)) return super.send(message, options)
    const requestSignal = options?.requestSignal === undefined ? ended : AbortSignal.any([ended, options.requestSignal])
    return super.send(message, { ...options, requestSignal })
  }
}
