/**
 * Why an exchange with the outside did not happen or did not end well:
 * `request` it cannot be sent as asked (URL, method, header, size) · `address` the host lies where it must not · `port` so does the port ·
 * `name` the name could not be resolved · `connection` refused, lost, or no valid certificate · `timeout` too slow · `size` too much ·
 * `redirect` too many, or none wanted · `answer` not HTTP, or a body that cannot be decoded · `stopped` by the caller's own signal.
 * Trying again can help with `name`, `connection` and `timeout`.
 */
export type OutsideReason = 'request' | 'address' | 'port' | 'name' | 'connection' | 'timeout' | 'size' | 'redirect' | 'answer' | 'stopped'

/**
 * A failure of `fetchOutside`. Its text names the host and never a path, a query, a header's value or an address that a name resolved to, so it
 * may be shown to whoever wrote the URL. It has no `cause` on purpose: errors of parsers and of TLS carry packets and certificates along.
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

/** What Node reported, in our words: only its code is kept. */
export function toOutsideError(error: unknown, reason: OutsideReason, host: string, what: string): OutsideError {
  if (error instanceof OutsideError) return error
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` (${error.code})` : ''
  return new OutsideError(reason, host, `${what}${code}`)
}
