import { openOutside } from './open-outside.ts'
import type { OutsideRequest } from './outgoing.ts'
import type { OutsidePolicy } from './outside-policy.ts'

export interface OutsideAnswer {
  readonly status: number
  /** Of a decoded body, `content-encoding` and `content-length` are left out. */
  readonly headers: Headers
  /** Where the answer came from, redirects followed. */
  readonly url: string
  /** Whole and decoded, at most `policy.answerBytesMax` bytes. */
  readonly body: Uint8Array
}

/**
 * The one way to fetch from an address that anybody but the operator can influence (OWASP: server-side request forgery). It resolves a name once,
 * refuses unless every address is public or opened by the operator, connects to exactly these, does the same at each redirect, and bounds time and
 * size. It fails closed. Any HTTP status is an answer.
 * @throws OutsideError for everything else.
 */
export async function fetchOutside(request: OutsideRequest, policy: OutsidePolicy): Promise<OutsideAnswer> {
  const { status, headers, url, body } = await openOutside(request, policy)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return { status, headers, url, body: Buffer.concat(chunks) }
}
