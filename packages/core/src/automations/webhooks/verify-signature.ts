import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { makeWebhookSecret, verifyWebhook } from '@orrery/kernel'

export type SignatureKind = 'standard' | 'github'

export interface SignedDelivery {
  /** The raw bytes. */
  readonly body: Uint8Array
  /** The name is case-insensitive; null: the delivery has no such header. */
  header(name: string): string | null
}

/** A secret in the form that senders accept: GitHub takes any text, Standard Webhooks `whsec_` and the key in base64. */
export function makeSigningSecret(kind: SignatureKind): string {
  return kind === 'standard' ? makeWebhookSecret() : randomBytes(32).toString('base64url')
}

/** Whether the holder of the secret sent exactly this delivery; with `standard`, also whether it was sent within five minutes. */
export function verifySignature(kind: SignatureKind, secret: string, delivery: SignedDelivery, nowMs: number): boolean {
  switch (kind) {
    case 'standard':
      return verifyWebhook(secret, delivery, nowMs)
    case 'github': {
      const given = delivery.header('x-hub-signature-256') ?? ''
      const hex = /^sha256=([0-9a-f]{64})$/.exec(given)?.[1]
      return hex !== undefined && timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', secret).update(delivery.body).digest())
    }
  }
}
