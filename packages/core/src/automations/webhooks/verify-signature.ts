import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { findWebhookFault, makeWebhookSecret } from '@orrery/kernel'

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

/** Why a delivery is not one that the holder of the secret sent exactly like this, with `standard` within five minutes; null: it is. */
export function findSignatureFault(kind: SignatureKind, secret: string, delivery: SignedDelivery, nowMs: number): string | null {
  switch (kind) {
    case 'standard':
      return findWebhookFault(secret, delivery, nowMs)
    case 'github': {
      const given = delivery.header('x-hub-signature-256')
      if (!given) return 'it has no x-hub-signature-256'
      const hex = /^sha256=([0-9a-f]{64})$/.exec(given)?.[1]
      const wanted = createHmac('sha256', secret).update(delivery.body).digest()
      if (hex !== undefined && timingSafeEqual(Buffer.from(hex, 'hex'), wanted)) return null
      return 'its x-hub-signature-256 is not one of the signing secret over its body'
    }
  }
}
