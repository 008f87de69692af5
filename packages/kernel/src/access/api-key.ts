/** The form of an API key: `orr_<8 to show>_<43 secret>`, 256 random bits. Only its SHA-256 is stored. */
import { hash, randomBytes } from 'node:crypto'

const FORM = /^orr_[a-z0-9]{8}_[A-Za-z0-9_-]{43}$/
const SHOWN = 'abcdefghijklmnopqrstuvwxyz0123456789'

export interface FreshKey {
  /** The whole key, to be shown once. */
  readonly secret: string
  /** What lists show of it. */
  readonly prefix: string
  readonly hash: Buffer
}

export function makeApiKey(): FreshKey {
  let shown = ''
  for (const byte of randomBytes(8)) shown += SHOWN.charAt(byte % SHOWN.length)
  const secret = `orr_${shown}_${randomBytes(32).toString('base64url')}`
  return { secret, prefix: `orr_${shown}`, hash: hashApiKey(secret) }
}

/** False for what cannot be a key, so that it is not looked up. */
export function isApiKey(text: string): boolean {
  return FORM.test(text)
}

export function hashApiKey(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}
