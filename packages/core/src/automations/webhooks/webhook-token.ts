import { createHash, randomBytes } from 'node:crypto'
import { markIssued, type SecretKeys } from '@orrery/kernel'

/**
 * Tokens have 256 random bits, since the address is the credential, and a mark behind them, which those of earlier versions lack. Logs redact
 * words that begin with `orr_`.
 */
const PREFIX = 'orr_hook_'
const TOKEN = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{43}([A-Za-z0-9_-]{8})?$`)

export function makeWebhookToken(keys: SecretKeys): string {
  return markIssued(keys, PREFIX + randomBytes(32).toString('base64url'))
}

export function isWebhookToken(text: string): boolean {
  return TOKEN.test(text)
}

/** A hash of 256 random bits needs no salt and reveals nothing about them. */
export function hashWebhookToken(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
