import { createHmac, timingSafeEqual } from 'node:crypto'
import { deriveSecret, type SecretKeys } from '../secrets/secret-keys.ts'

/** The key under which the login library signs cookies. */
export function deriveLoginSecret(keys: SecretKeys): string {
  return deriveSecret(keys, 'orrery logins v1')
}

/** What a browser or a command line keeps of a login, from its token. */
export function signLoginToken(secret: string, token: string): string {
  return `${token}.${createHmac('sha256', secret).update(token).digest('base64')}`
}

/**
 * The token in what a browser or a command line keeps of its login: `<token>.<HMAC with SHA-256, in base64>`, as the login library signs
 * cookies. Null: it was not signed with this secret, or is spelled in another way.
 */
export function readLoginToken(secret: string, signed: string): string | null {
  const at = signed.lastIndexOf('.')
  if (at <= 0) return null
  const token = signed.slice(0, at)
  // Text with text: the bytes of a signature have several spellings in base64.
  const [own, given] = [Buffer.from(signLoginToken(secret, token)), Buffer.from(signed)]
  return own.length === given.length && timingSafeEqual(own, given) ? token : null
}
