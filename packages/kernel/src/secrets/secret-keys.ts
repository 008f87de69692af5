import { createHash, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { SecretError } from './secret-error.ts'

/** All known keys by their ids. The active one seals, and every one can open. Key objects do not show their bytes when printed. */
export interface SecretKeys {
  readonly activeId: string
  readonly known: ReadonlyMap<string, KeyObject>
}

const KEY_BYTES = 32
const LABEL = 'orrery-secret-key'
const line = new RegExp(`^${LABEL} v1 ([0-9a-f]{16}) ([A-Za-z0-9_-]{43})$`)

/**
 * A new key of 256 random bits as a line of the key file, with its line break: `orrery-secret-key v1 <id> <base64url>`. To rotate keys, add
 * a new line above the others. An old line may be removed when no secret `needsRotation` any more.
 */
export function makeSecretKey(): string {
  const key = randomBytes(KEY_BYTES)
  return `${LABEL} v1 ${nameSecretKey(key)} ${key.toString('base64url')}\n`
}

/**
 * Reads a key file: one key per line, the active one first. Skips empty lines and lines that begin with `#`.
 * @throws SecretError (`keys`) with the number of the wrong line, but never with its content
 */
export function readSecretKeys(text: string): SecretKeys {
  if (text.includes('-----BEGIN')) throw invalid('this is a PEM file (the audit key is one), not a file of secret keys')
  const known = new Map<string, KeyObject>()
  for (const [index, raw] of text.split('\n').entries()) {
    const row = raw.trim()
    if (row === '' || row.startsWith('#')) continue
    const parts = line.exec(row)
    if (!parts) throw invalid(`line ${index + 1} is not "${LABEL} v1 <id> <key>"`)
    const [, id = '', encoded = ''] = parts
    const key = Buffer.from(encoded, 'base64url')
    if (nameSecretKey(key) !== id) throw invalid(`the key in line ${index + 1} does not match its id ${id}: it was changed or cut`)
    if (known.has(id)) throw invalid(`line ${index + 1} repeats the key ${id}`)
    known.set(id, createSecretKey(key))
  }
  const [activeId] = known.keys()
  if (activeId === undefined) throw invalid('it holds no key')
  return { activeId, known }
}

/**
 * The key's id, derived from the key, so that a damaged line is noticed when the server starts and not when it opens the first secret. A
 * hash reveals nothing about a key of 256 random bits.
 */
function nameSecretKey(key: Uint8Array): string {
  return createHash('sha256').update(`${LABEL} id v1\n`).update(key).digest('hex').slice(0, 16)
}

function invalid(why: string): SecretError {
  return new SecretError('keys', `The file of secret keys cannot be used: ${why}`)
}

/** A secret of 256 bits for one purpose, in base64url, from the active key (HKDF, RFC 5869). Another active key makes another one. */
export function deriveSecret({ activeId, known }: SecretKeys, purpose: string): string {
  const key = known.get(activeId)
  if (key === undefined) throw new TypeError('There is no active secret key')
  return Buffer.from(hkdfSync('sha256', key, '', purpose, 32)).toString('base64url')
}
