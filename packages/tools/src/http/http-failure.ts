import type { Json } from '@orrery/contract'
import type { OutsideAnswer } from '@orrery/kernel'
import { ToolError } from '../port/tool-port.ts'

const EXCERPT_LETTERS_MAX = 1_000

/**
 * Request Timeout, Too Early, Too Many Requests, and failures of a server that pass: RFC 9110 section 15, RFC 8470, RFC 6585. 501 and 505
 * say what the server cannot do at all.
 */
export function isPassingStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
}

/** An answer that is none of those that were wanted, as a failure with the start of its body. @param body after secrets were hidden in it. */
export function toHttpFailure({ status, headers, url }: OutsideAnswer, body: Json): ToolError {
  const excerpt = (typeof body === 'string' ? body : JSON.stringify(body)).slice(0, EXCERPT_LETTERS_MAX).toWellFormed()
  const wait = headers.get('retry-after')
  return new ToolError('HttpError', `${new URL(url).hostname} answered with status ${status}`, {
    isRetryable: isPassingStatus(status),
    details: { status, body: excerpt, ...(wait === null ? {} : { retry_after: wait.slice(0, 64) }) },
  })
}
