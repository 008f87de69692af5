import { ProblemError, problem } from '@orrery/contract'

/**
 * The body as text. Bounded while it is read: a length that is told is believed (the HTTP parser holds the
 * client to it), a chunked body is counted.
 */
export async function readBody(request: Request, maxBytes: number): Promise<string> {
  const bytes = await readBytes(request, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw problem('invalid_input', 'The body is not valid UTF-8.', { cause })
  }
}

/** The same as it came. */
export function readBytes(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get('content-length')
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes)
  return length === null ? readChunks(request, maxBytes) : readWhole(request)
}

/** For handlers that read the body themselves: the same request with a body that is known to be small enough. */
export async function boundBody(request: Request, maxBytes: number): Promise<Request> {
  const length = request.headers.get('content-length')
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes)
  if (length !== null || request.body === null) return request
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body: await readChunks(request, maxBytes),
    signal: request.signal,
  })
}

async function readWhole(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await request.arrayBuffer())
  } catch (cause) {
    throw cutOff(cause)
  }
}

async function readChunks(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of request.body ?? []) {
      size += chunk.byteLength
      if (size > maxBytes) throw tooLarge(maxBytes)
      chunks.push(chunk)
    }
  } catch (cause) {
    throw cause instanceof ProblemError ? cause : cutOff(cause)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** The caller has gone in the middle of it: no failure of ours, whoever still hears this. */
function cutOff(cause: unknown) {
  return problem('invalid_input', 'The body ended before it was whole.', { cause })
}

function tooLarge(maxBytes: number) {
  return problem('payload_too_large', `The body is larger than ${maxBytes} bytes.`)
}
