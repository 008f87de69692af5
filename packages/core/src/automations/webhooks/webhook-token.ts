import { createHash, randomBytes } from 'node:crypto'

/** 256 random bits: the address is the credential, so nothing shorter will do. Words that begin with `orr_` are kept out of logs. */
const PREFIX = 'orr_hook_'
const TOKEN = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{43}$`)

export function makeWebhookToken(): string {
  return PREFIX + randomBytes(32).toString('base64url')
}

export function isWebhookToken(text: string): boolean {
  return TOKEN.test(text)
}

/** A hash of so many random bits needs no salt, and tells nothing of them. */
export function hashWebhookToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
