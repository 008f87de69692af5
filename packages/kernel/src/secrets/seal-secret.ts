import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { SecretError } from './secret-error.ts'
import type { SecretKeys } from './secret-keys.ts'

/** Where a secret is stored. A secret that was sealed for one place cannot be opened at another. */
export interface SecretPlace {
  /** The id of the org. */
  readonly org: string
  /** The table and the id of the row. */
  readonly row: string
  readonly field: string
}

/**
 * A sealed secret is the text `v1.<key id>.<nonce>.<ciphertext>.<tag>`. The last three parts are base64url without padding. A change of the
 * format gets a new version.
 *
 * The cipher is AES-256-GCM (NIST SP 800-38D). Nonces are 96 random bits (section 8.2.2), which section 8.3 limits to 2^32 encryptions with
 * one key. So each organization has its own key, derived from the key in the file with HKDF and SHA-256 (RFC 5869) and stored nowhere. Tags
 * have the full 128 bits (section 5.2.1.2). The additional data is a JSON array of version, key id, org, row and field, so that no two
 * places have the same additional data.
 */
const VERSION = 'v1'
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Enough for a credential. GCM itself allows 2^36 bytes. */
const SECRET_BYTES_MAX = 65_536
const sealedForm = /^v1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]{22})$/

export function sealSecret(keys: SecretKeys, place: SecretPlace, plaintext: string): string {
  if (!plaintext.isWellFormed()) throw new SecretError('plaintext', 'The secret is not well-formed Unicode text')
  const bytes = Buffer.from(plaintext)
  if (bytes.length > SECRET_BYTES_MAX) throw new SecretError('plaintext', `The secret is larger than ${SECRET_BYTES_MAX} bytes`)
  const id = keys.activeId
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(findKey(keys, id), place), nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(bind(id, place))
  const text = Buffer.concat([cipher.update(bytes), cipher.final()])
  return [VERSION, id, ...[nonce, text, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.')
}

/** @throws SecretError: `unknown-key` names the key's id; `damaged` if the text was changed, or sealed for another place */
export function openSecret(keys: SecretKeys, place: SecretPlace, sealed: string): string {
  const { id, nonce, text, tag } = readSealed(sealed)
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(findKey(keys, id), place), nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(bind(id, place))
  decipher.setAuthTag(tag)
  try {
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
  } catch {
    // Node's error has no details, and none exist: a wrong tag means that either the text or its additional data was changed.
    throw damaged('it was changed, or it was sealed for another place')
  }
}

/** Whether the secret was sealed with an old key and should be sealed again with the active one. */
export function needsRotation(keys: SecretKeys, sealed: string): boolean {
  return readSealed(sealed).id !== keys.activeId
}

function readSealed(sealed: string) {
  const parts = sealedForm.exec(sealed)
  if (!parts) throw damaged(`it does not have the form of ${VERSION}`)
  const [, id = '', ...encoded] = parts
  const [nonce, text, tag] = encoded.map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer, Buffer]
  // The last character of base64url has unused bits. Accepting any value of them would give one secret several texts.
  if ([nonce, text, tag].some((bytes, n) => bytes.toString('base64url') !== encoded[n]))
    throw damaged('its base64url is not in canonical form')
  return { id, nonce, text, tag }
}

function findKey(keys: SecretKeys, id: string): KeyObject {
  const key = keys.known.get(id)
  if (!key) throw new SecretError('unknown-key', `The secret was sealed with the key ${id}, which is not in the file of secret keys`)
  return key
}

function deriveKey(key: KeyObject, { org }: SecretPlace): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, '', `orrery secret ${VERSION} org ${org}`, 32))
}

function bind(id: string, { org, row, field }: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify(['orrery secret', VERSION, id, org, row, field]))
}

function damaged(why: string): SecretError {
  return new SecretError('damaged', `The secret cannot be opened: ${why}`)
}
