/**
 * Secrets that this installation issues (API keys, addresses of webhooks) end with a mark that only holders of its secret keys can compute, so
 * a made-up one is told apart without a query. The mark says nothing more: whether the secret is valid, the database knows.
 */
import { createHmac, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { SecretKeys } from './secret-keys.ts'

/** 48 bits in base64url: each guess costs a request, and a correct one gains no more than a query. */
const MARK_LETTERS = 8

/** The text with its mark behind it. */
export function markIssued({ activeId, known }: SecretKeys, text: string): string {
  const key = known.get(activeId)
  if (key === undefined) throw new TypeError('There is no active secret key')
  return text + markOf(key, text)
}

/** Whether the text was marked with one of these keys. False for secrets of versions that had no marks, and after their key was removed. */
export function isIssued({ known }: SecretKeys, secret: string): boolean {
  const [text, mark] = [secret.slice(0, -MARK_LETTERS), Buffer.from(secret.slice(-MARK_LETTERS))]
  return [...known.values()]
    .map((key) => Buffer.from(markOf(key, text)))
    .some((own) => own.length === mark.length && timingSafeEqual(own, mark))
}

/** HMAC with SHA-256 (RFC 2104), under a key of its own (HKDF, RFC 5869). */
function markOf(key: KeyObject, text: string): string {
  const own = Buffer.from(hkdfSync('sha256', key, '', 'orrery issued secrets v1', 32))
  return createHmac('sha256', own).update(text).digest('base64url').slice(0, MARK_LETTERS)
}
