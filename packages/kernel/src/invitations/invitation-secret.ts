import { hash, randomBytes } from 'node:crypto'

const FORM = /^[A-Za-z0-9_-]{43}$/

/** The secret of a link: 256 random bits. Only its SHA-256 is stored. */
export function makeInvitationSecret(): { readonly secret: string; readonly hash: Buffer } {
  const secret = randomBytes(32).toString('base64url')
  return { secret, hash: hash('sha256', secret, 'buffer') }
}

/** Null: the text does not have the form of such a secret, so it needs no query. */
export function hashInvitationSecret(text: string): Buffer | null {
  return FORM.test(text) ? hash('sha256', text, 'buffer') : null
}
