import type { Json } from '@orrery/contract'
import type { OutsideAnswer } from '@orrery/kernel'
import { ToolError } from '../port/tool-port.ts'

const EXCERPT_LETTERS_MAX = 1_000

/**
 * Request Timeout, Too Early, Too Many Requests, and transient failures of a server: RFC 9110 section 15, RFC 8470, RFC 6585. 501 and 505
 * are permanent: the server does not support the request.
 */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501 && status !== 505)
}

/** The failure for an answer with an unexpected status. Its details hold the start of the body. @param body with secrets already hidden */
export function toHttpFailure({ status, headers, url }: OutsideAnswer, body: Json): ToolError {
  const excerpt = (typeof body === 'string' ? body : JSON.stringify(body)).slice(0, EXCERPT_LETTERS_MAX).toWellFormed()
  const wait = headers.get('retry-after')
  return new ToolError('HttpError', `${new URL(url).hostname} answered with status ${status}`, {
    isRetryable: isTransientStatus(status),
    details: { status, body: excerpt, ...(wait === null ? {} : { retry_after: wait.slice(0, 64) }) },
  })
}
