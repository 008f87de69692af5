import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { SecretKeys } from '../secrets/secret-keys.ts'

/** The key under which the login library signs cookies: one of its own (HKDF, RFC 5869), from the active secret key. */
export function deriveLoginSecret({ activeId, known }: SecretKeys): string {
  const key = known.get(activeId)
  if (key === undefined) throw new TypeError('There is no active secret key')
  return Buffer.from(hkdfSync('sha256', key, '', 'orrery logins v1', 32)).toString('base64url')
}

/**
 * The token in what a browser or a command line keeps of its login: `<token>.<HMAC with SHA-256, in base64>`, as the login library signs
 * cookies. Null: it was not signed with this secret.
 */
export function readLoginToken(secret: string, signed: string): string | null {
  const at = signed.lastIndexOf('.')
  if (at <= 0) return null
  const token = signed.slice(0, at)
  const [own, given] = [createHmac('sha256', secret).update(token).digest(), Buffer.from(signed.slice(at + 1), 'base64')]
  return own.length === given.length && timingSafeEqual(own, given) ? token : null
}
