import { openOutside } from './open-outside.ts'
import type { OutsideRequest } from './outgoing.ts'
import type { OutsidePolicy } from './outside-policy.ts'

export interface OutsideAnswer {
  readonly status: number
  /** Without `content-encoding` and `content-length` if the body was decoded. */
  readonly headers: Headers
  /** The URL of the answer, after all redirects. */
  readonly url: string
  /** The complete decoded body, up to `policy.answerBytesMax` bytes. */
  readonly body: Uint8Array
}

/**
 * The only way to fetch from an address that anyone but the operator can influence, as a defence against server-side request forgery
 * (OWASP). It resolves the host name once and fails unless every address is public or allowed by the operator. It connects only to these
 * addresses, does the same at each redirect, and limits time and size. Whatever it cannot check, it rejects. An answer with any HTTP status
 * is a success.
 * @throws OutsideError for everything else
 */
export async function fetchOutside(request: OutsideRequest, policy: OutsidePolicy): Promise<OutsideAnswer> {
  const { status, headers, url, body } = await openOutside(request, policy)
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return { status, headers, url, body: Buffer.concat(chunks) }
}
