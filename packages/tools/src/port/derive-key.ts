import { createHash } from 'node:crypto'

/**
 * Derives an id of this call for another system: the same in every attempt, different for each `purpose`, and revealing nothing of the
 * original key.
 * @returns 32 characters of `A-Za-z0-9_-`.
 */
export function deriveKey(idempotencyKey: string, purpose: string): string {
  return createHash('sha256').update(`orrery ${purpose} v1\n${idempotencyKey}`).digest('base64url').slice(0, 32)
}
