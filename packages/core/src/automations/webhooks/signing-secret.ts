import { openSecret, type SecretKeys, type SecretPlace, sealSecret } from '@orrery/kernel'
import type { WebhookPlace } from '../webhook-store.ts'

export function sealSigningSecret(keys: SecretKeys, webhook: WebhookPlace, secret: string): string {
  return sealSecret(keys, placeOf(webhook), secret)
}

/** @throws SecretError */
export function openSigningSecret(keys: SecretKeys, webhook: WebhookPlace, sealed: string): string {
  return openSecret(keys, placeOf(webhook), sealed)
}

function placeOf({ org, triggerId }: WebhookPlace): SecretPlace {
  return { org, row: `app.trigger/${triggerId}`, field: 'signing_secret' }
}
