/**
 * Why a request to a system outside failed:
 * - `request`: it cannot be sent (URL, method, header or size)
 * - `address`: the address of the host is forbidden
 * - `port`: the port is forbidden
 * - `name`: the host name could not be resolved
 * - `connection`: the connection was refused or lost, or the certificate is not valid
 * - `timeout`: the answer took too long
 * - `size`: the answer is too large
 * - `redirect`: there were too many redirects, or the caller follows none
 * - `answer`: the answer is not HTTP, or its body cannot be decoded
 * - `stopped`: the caller aborted its signal
 *
 * A retry can help after `name`, `connection` and `timeout`.
 */
export type OutsideReason = 'request' | 'address' | 'port' | 'name' | 'connection' | 'timeout' | 'size' | 'redirect' | 'answer' | 'stopped'

/**
 * A failure of `fetchOutside`. The message names the host, but never a path, a query, the value of a header or an address that a name
 * resolved to, so it may be shown to the author of the URL. It has no `cause` on purpose: errors of parsers and TLS contain packets and
 * certificates.
 */
export class OutsideError extends Error {
  override readonly name = 'OutsideError'
  readonly reason: OutsideReason
  readonly host: string

  constructor(reason: OutsideReason, host: string, message: string) {
    super(message)
    this.reason = reason
    this.host = host
  }
}

/** Converts an error of Node to an OutsideError that keeps only the error's code. */
export function toOutsideError(error: unknown, reason: OutsideReason, host: string, what: string): OutsideError {
  if (error instanceof OutsideError) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return new OutsideError(reason, host, `${what}${code}`)
}
