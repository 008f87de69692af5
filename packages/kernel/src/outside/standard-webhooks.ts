/**
 * Signatures of https://www.standardwebhooks.com, for sending and receiving. The holder of the secret can verify who sent a message and
 * when, and that it was not changed.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** The headers of a signed message. */
export interface WebhookHeaders {
  readonly 'webhook-id': string
  /** Seconds since 1970. */
  readonly 'webhook-timestamp': string
  readonly 'webhook-signature': string
}

/** A message whose timestamp differs by more than this may be a replay ("Verifying webhook authenticity"). */
const TOLERANCE_MS = 300_000
const SIGNATURES_MAX = 20

/** A new secret: `whsec_` and 256 random bits in base64. */
export const makeWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`

/** @param secret `whsec_` and the key in base64. @param id the same for each attempt to deliver a message */
export function signWebhook(secret: string, { id, body, nowMs }: { id: string; body: string; nowMs: number }): WebhookHeaders {
  const timestamp = String(Math.floor(nowMs / 1000))
  const signature = `v1,${digest(secret, id, timestamp, body).toString('base64')}`
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
}

/** The names of the headers begin with one of these. Svix, where the standard began, sends its own. */
const PREFIXES = ['webhook', 'svix'] as const

/**
 * Why a message is not one that a holder of the secret sent exactly like this, recently; null: it is. A sender that is rotating its secret
 * may send several signatures.
 */
export function findWebhookFault(
  secret: string,
  { body, header }: { body: Uint8Array; header(name: string): string | null },
  nowMs: number,
): string | null {
  const prefix = PREFIXES.find((one) => header(`${one}-id`)) ?? 'webhook'
  const names = ['id', 'timestamp', 'signature'].map((name) => `${prefix}-${name}`)
  const [id = '', timestamp = '', signatures = ''] = names.map((name) => header(name) ?? '')
  const missing = names.filter((name) => !header(name))
  if (missing.length > 0) return `it has no ${missing.join(', ')}`
  if (!/^\d{1,12}$/.test(timestamp)) return `its ${prefix}-timestamp is not a number of seconds`
  if (Math.abs(nowMs - Number(timestamp) * 1000) > TOLERANCE_MS) return `its ${prefix}-timestamp is more than five minutes off`
  const wanted = digest(secret, id, timestamp, body)
  const isSigned = signatures
    .split(' ', SIGNATURES_MAX)
    .filter((part) => part.startsWith('v1,'))
    .map((part) => Buffer.from(part.slice(3), 'base64'))
    .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted))
  return isSigned ? null : `its ${prefix}-signature is not one of the signing secret over its id, timestamp and body`
}

function digest(secret: string, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}
