/**
 * Why an operation with a secret failed:
 * - `keys`: the key file is not valid
 * - `unknown-key`: the secret was sealed with a key that is not in the key file
 * - `damaged`: the sealed text was changed, cut, or moved from another place
 * - `plaintext`: the plain text cannot be sealed
 *
 * The message never contains a secret, a key or a part of either.
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
