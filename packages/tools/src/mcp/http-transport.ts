import { AsyncLocalStorage } from 'node:async_hooks'
import { type JSONRPCMessage, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { quoteLargeNumbers } from '@orrery/contract'

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

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/**
 * A fetch whose answers have numbers that a double cannot keep as texts, because the library parses them
 * (docs/decisions/0031-large-numbers.md). Neither a number nor a string of JSON has a line break, so each line can be changed alone; of a
 * stream of events only the data is JSON.
 */
export function keepLargeNumbers(fetch: Fetch): Fetch {
  return async (url, init) => {
    const response = await fetch(url, init)
    if (response.body === null) return response
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    const change = (line: string): string => (isStream && !line.startsWith('data:') ? line : quoteLargeNumbers(line))
    const { status, statusText, headers } = response
    const body = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(changeLines(change)).pipeThrough(new TextEncoderStream())
    return new Response(body, { status, statusText, headers })
  }
}

/** Changes each line, with its end, as soon as it is whole. */
function changeLines(change: (line: string) => string): TransformStream<string, string> {
  let pending: string[] = []
  return new TransformStream({
    transform: (chunk, controller) => {
      const end = chunk.lastIndexOf('\n') + 1
      if (end > 0) {
        const whole = [...pending, chunk.slice(0, end)].join('')
        pending = []
        controller.enqueue(whole.replaceAll(/[^\n]*\n/g, change))
      }
      if (end < chunk.length) pending.push(chunk.slice(end))
    },
    flush: (controller) => controller.enqueue(change(pending.join(''))),
  })
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
