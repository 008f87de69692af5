/**
 * The secrets that callers keep. An API key is `orr_<8 visible characters>_<43 secret characters><8 characters of its mark>`; the secret has
 * 256 random bits. Keys of earlier versions have no mark. The secret of an agent's credential begins with `orc_` instead. Only the SHA-256 of
 * both is stored.
 */
import { hash, randomBytes } from 'node:crypto'
import { markIssued } from '../secrets/issued-mark.ts'
import type { SecretKeys } from '../secrets/secret-keys.ts'

const FORM = /^orr_[a-z0-9]{8}_[A-Za-z0-9_-]{43}([A-Za-z0-9_-]{8})?$/
const AGENT_SECRET_FORM = /^orc_[a-z0-9]{8}_[A-Za-z0-9_-]{51}$/
const VISIBLE = 'abcdefghijklmnopqrstuvwxyz0123456789'

export interface FreshSecret {
  /** The whole secret, which is shown once. */
  readonly secret: string
  /** The part that lists show. */
  readonly prefix: string
  readonly hash: Buffer
}

export function makeApiKey(keys: SecretKeys): FreshSecret {
  return makeSecret(keys, 'orr')
}

export function makeAgentSecret(keys: SecretKeys): FreshSecret {
  return makeSecret(keys, 'orc')
}

function makeSecret(keys: SecretKeys, kind: 'orr' | 'orc'): FreshSecret {
  let visible = ''
  for (const byte of randomBytes(8)) visible += VISIBLE.charAt(byte % VISIBLE.length)
  const secret = markIssued(keys, `${kind}_${visible}_${randomBytes(32).toString('base64url')}`)
  return { secret, prefix: `${kind}_${visible}`, hash: hashSecret(secret) }
}

/** Whether the text has the form of a key. Other texts need no query. */
export function isApiKey(text: string): boolean {
  return FORM.test(text)
}

/** Whether the text has the form of the secret of an agent's credential. */
export function isAgentSecret(text: string): boolean {
  return AGENT_SECRET_FORM.test(text)
}

export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}
