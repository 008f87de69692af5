import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

export type SignatureKind = 'standard' | 'github'

export interface SignedDelivery {
  /** As they came. */
  readonly body: Uint8Array
  /** Of any case; null: there is none. */
  header(name: string): string | null
}

/** Older or newer than this, a signature may be somebody else's, seen and sent again (Standard Webhooks, "Verifying webhook authenticity"). */
const TOLERANCE_MS = 300_000
const SIGNATURES_MAX = 20

/** As whoever signs takes it: GitHub any text, Standard Webhooks the key in base64 behind `whsec_`. */
export function makeSigningSecret(kind: SignatureKind): string {
  return kind === 'standard' ? `whsec_${randomBytes(32).toString('base64')}` : randomBytes(32).toString('base64url')
}

/** Whether whoever knows the secret has sent exactly this; with `standard` also: lately. */
export function verifySignature(kind: SignatureKind, secret: string, delivery: SignedDelivery, nowMs: number): boolean {
  switch (kind) {
    case 'standard':
      return verifyStandard(secret, delivery, nowMs)
    case 'github': {
      const given = delivery.header('x-hub-signature-256') ?? ''
      const hex = /^sha256=([0-9a-f]{64})$/.exec(given)?.[1]
      return hex !== undefined && timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', secret).update(delivery.body).digest())
    }
  }
}

/** Several signatures may stand side by side while the sender changes its secret. */
function verifyStandard(secret: string, { body, header }: SignedDelivery, nowMs: number): boolean {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => header(name) ?? '')
  if (!id || !timestamp || !signatures || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(nowMs - Number(timestamp) * 1000) > TOLERANCE_MS) return false
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const wanted = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  return signatures
    .split(' ', SIGNATURES_MAX)
    .filter((part) => part.startsWith('v1,'))
    .map((part) => Buffer.from(part.slice(3), 'base64'))
    .some((given) => given.length === wanted.length && timingSafeEqual(given, wanted))
}
