import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { makeWebhookSecret, verifyWebhook } from '@orrery/kernel'

export type SignatureKind = 'standard' | 'github'

export interface SignedDelivery {
  /** As they came. */
  readonly body: Uint8Array
  /** Of any case; null: there is none. */
  header(name: string): string | null
}

/** In the form that the sender takes: GitHub any text, Standard Webhooks the key in base64 behind `whsec_`. */
export function makeSigningSecret(kind: SignatureKind): string {
  return kind === 'standard' ? makeWebhookSecret() : randomBytes(32).toString('base64url')
}

/** Whether the holder of the secret sent exactly this; with `standard` also: lately. */
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
