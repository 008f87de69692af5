/**
 * `keys` the key file cannot be read · `unknown-key` sealed with a key that the ring does not hold · `damaged` changed, cut, or moved from another place ·
 * `plaintext` it cannot be sealed. The text never holds a secret, a key or a part of either.
 */
export type SecretReason = 'keys' | 'unknown-key' | 'damaged' | 'plaintext'

export class SecretError extends Error {
  override readonly name = 'SecretError'
  readonly reason: SecretReason

  constructor(reason: SecretReason, message: string) {
    super(message)
    this.reason = reason
  }
}
