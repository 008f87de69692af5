import { createHash, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { SecretError } from './secret-error.ts'

/** The key that seals, and all that open, by their ids. Key objects do not show their bytes when printed. */
export interface SecretKeys {
  readonly activeId: string
  readonly known: ReadonlyMap<string, KeyObject>
}

const KEY_BYTES = 32
const LABEL = 'orrery-secret-key'
const line = new RegExp(`^${LABEL} v1 ([0-9a-f]{16}) ([A-Za-z0-9_-]{43})$`)

/**
 * A new key of 256 random bits, as the line that a key file holds: `orrery-secret-key v1 <id> <base64url>`, with the line's end. To rotate, put a
 * new line above the others; an old one may go when nothing `needsRotation` any more.
 */
export function makeSecretKey(): string {
  const key = randomBytes(KEY_BYTES)
  return `${LABEL} v1 ${nameSecretKey(key)} ${key.toString('base64url')}\n`
}

/**
 * Reads a key file: one key a line, the active one first. Empty lines and lines that begin with `#` are passed over.
 * @throws SecretError (`keys`) with the number of the line that is wrong; it never repeats what the line holds.
 */
export function readSecretKeys(text: string): SecretKeys {
  if (text.includes('-----BEGIN')) throw refuse('this is a PEM file (the audit key is one), not a file of secret keys')
  const known = new Map<string, KeyObject>()
  for (const [index, raw] of text.split('\n').entries()) {
    const row = raw.trim()
    if (row === '' || row.startsWith('#')) continue
    const parts = line.exec(row)
    if (!parts) throw refuse(`line ${index + 1} is not "${LABEL} v1 <id> <key>"`)
    const [, id = '', encoded = ''] = parts
    const key = Buffer.from(encoded, 'base64url')
    if (nameSecretKey(key) !== id)
      throw refuse(`the key in line ${index + 1} is not the one that its id ${id} names: it was changed or cut`)
    if (known.has(id)) throw refuse(`line ${index + 1} holds the key ${id} a second time`)
    known.set(id, createSecretKey(key))
  }
  const [activeId] = known.keys()
  if (activeId === undefined) throw refuse('it holds no key')
  return { activeId, known }
}

/** Follows from the key, so that a damaged line is noticed at the start and not at the first secret. A hash of 256 random bits tells nothing of them. */
function nameSecretKey(key: Uint8Array): string {
  return createHash('sha256').update(`${LABEL} id v1\n`).update(key).digest('hex').slice(0, 16)
}

function refuse(why: string): SecretError {
  return new SecretError('keys', `The file of secret keys cannot be used: ${why}`)
}
