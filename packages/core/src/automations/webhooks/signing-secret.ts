import { openSecret, type SecretKeys, type SecretPlace, sealSecret } from '@orrery/kernel'
import type { WebhookRef } from '../webhook-store.ts'

export function sealSigningSecret(keys: SecretKeys, webhook: WebhookRef, secret: string): string {
  return sealSecret(keys, placeOf(webhook), secret)
}

/** @throws SecretError */
export function openSigningSecret(keys: SecretKeys, webhook: WebhookRef, sealed: string): string {
  return openSecret(keys, placeOf(webhook), sealed)
}

function placeOf({ org, triggerId }: WebhookRef): SecretPlace {
  return { org, row: `app.trigger/${triggerId}`, field: 'signing_secret' }
}
