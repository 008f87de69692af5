import { Readable } from 'node:stream'
import { openOutside } from './open-outside.ts'
import { OutsideError } from './outside-error.ts'
import type { OutsidePolicy } from './outside-policy.ts'

/** A `fetch` with the checks of `fetchOutside`, for clients that take one as an argument (MCP, the AI SDK). Fails with an OutsideError. */
export function createOutsideFetch(policy: OutsidePolicy): typeof fetch {
  return async (input, init) => {
    const request = readStandard(input, init)
    const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer())
    const {
      status,
      headers,
      body: stream,
    } = await openOutside(
      {
        url: request.url,
        method: request.method,
        headers: Object.fromEntries(request.headers),
        redirect: request.redirect,
        signal: request.signal,
        ...(body ? { body } : {}),
      },
      policy,
    )
    if (status !== 204 && status !== 205 && status !== 304) return new Response(Readable.toWeb(stream), { status, headers })
    stream.destroy()
    return new Response(null, { status, headers })
  }
}

function readStandard(...given: Parameters<typeof fetch>): Request {
  try {
    return new Request(...given)
  } catch {
    // The error of `Request` may contain the value of a header or a URL with credentials.
    throw new OutsideError('request', '', 'The request cannot be sent: its URL, its method or a header is not valid')
  }
}
