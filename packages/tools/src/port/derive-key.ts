import { createHash } from 'node:crypto'

/**
 * A name for this call in another system: the same in every attempt, different in each of them, and telling nothing of ours.
 * @returns 32 characters of `A-Za-z0-9_-`.
 */
export function deriveKey(idempotencyKey: string, purpose: string): string {
  return createHash('sha256').update(`orrery ${purpose} v1\n${idempotencyKey}`).digest('base64url').slice(0, 32)
}
