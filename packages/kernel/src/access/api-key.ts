/**
 * An API key is `orr_<8 visible characters>_<43 secret characters><8 characters of its mark>`; the secret has 256 random bits. Keys of earlier
 * versions have no mark. Only the key's SHA-256 is stored.
 */
import { hash, randomBytes } from 'node:crypto'
import { markIssued } from '../secrets/issued-mark.ts'
import type { SecretKeys } from '../secrets/secret-keys.ts'

const FORM = /^orr_[a-z0-9]{8}_[A-Za-z0-9_-]{43}([A-Za-z0-9_-]{8})?$/
const VISIBLE = 'abcdefghijklmnopqrstuvwxyz0123456789'

export interface FreshKey {
  /** The whole key, which is shown once. */
  readonly secret: string
  /** The part that lists show. */
  readonly prefix: string
  readonly hash: Buffer
}

export function makeApiKey(keys: SecretKeys): FreshKey {
  let visible = ''
  for (const byte of randomBytes(8)) visible += VISIBLE.charAt(byte % VISIBLE.length)
  const secret = markIssued(keys, `orr_${visible}_${randomBytes(32).toString('base64url')}`)
  return { secret, prefix: `orr_${visible}`, hash: hashApiKey(secret) }
}

/** Whether the text has the form of a key. Other texts need no query. */
export function isApiKey(text: string): boolean {
  return FORM.test(text)
}

export function hashApiKey(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}
