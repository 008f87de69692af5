import { describeLargeNumber, findLargeNumber, type LargeNumber, ProblemError, problem } from '@orrery/contract'

/**
 * Reads the body as text, up to `maxBytes`. A declared length is trusted, because the HTTP parser enforces it; a chunked
 * body is counted while it is read. @throws payload_too_large, invalid_input
 */
export async function readBody(request: Request, maxBytes: number): Promise<string> {
  const bytes = await readBytes(request, maxBytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw problem('invalid_input', 'The body is not valid UTF-8.', { cause })
  }
}

/** Reads the body as bytes, with the same limit. @throws payload_too_large, invalid_input */
export function readBytes(request: Request, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const length = request.headers.get('content-length')
  if (length !== null && Number(length) > maxBytes) throw tooLarge(maxBytes)
  return length === null ? readChunks(request, maxBytes) : readWhole(request)
}

/**
 * For handlers that read the body themselves: returns the request with a body of at most `maxBytes`. @throws payload_too_large,
 * invalid_input
 */
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

/**
 * For handlers that parse the body themselves: refuses JSON with a number that they would change (docs/decisions/0031-large-numbers.md).
 * Returns a request with the same body. @param envelope what precedes the fields of an operation in a path. @throws invalid_input
 */
export async function requireExactNumbers(request: Request, envelope: RegExp, rounds: readonly string[] = []): Promise<Request> {
  if (request.body === null) return request
  const body = await readWhole(request)
  const large = findLargeNumber(new TextDecoder().decode(body), rounds)
  if (large !== null) throw largeNumber({ ...large, path: large.path.replace(envelope, '') })
  return new Request(request.url, { method: request.method, headers: request.headers, body, signal: request.signal })
}

export function largeNumber(large: LargeNumber): ProblemError {
  const { message, expected } = describeLargeNumber(large)
  return problem('invalid_input', `${large.path}: ${message}.`, { errors: [{ path: large.path, message, expected }] })
}

async function readWhole(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await request.arrayBuffer())
  } catch (cause) {
    throw incomplete(cause)
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
    throw cause instanceof ProblemError ? cause : incomplete(cause)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** The client disconnected in the middle of the body. That is not a failure of the server. */
function incomplete(cause: unknown) {
  return problem('invalid_input', 'The body ended before it was complete.', { cause })
}

function tooLarge(maxBytes: number) {
  return problem('payload_too_large', `The body is larger than ${maxBytes} bytes.`)
}
