/** Keys that sign: of audit checkpoints and of tokens. Ed25519 (RFC 8032). */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

/** The key that signs checkpoints, and the public keys that old and new checkpoints are checked with. */
export interface AuditKeys {
  readonly signer: KeyObject
  readonly known: ReadonlyMap<string, KeyObject>
}

/** The key that signs tokens: the same in every process of an installation, and in no other installation. */
export interface TokenKeys {
  readonly id: string
  readonly signer: KeyObject
  readonly verifier: KeyObject
}

/** A new private key in PEM (PKCS #8), for the host to keep in a file that only it can read. */
export function makeSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** @param retired public keys in PEM of signers used earlier. @throws TypeError if it is another kind of key. */
export function readAuditKeys(privatePem: string, retired: readonly string[] = []): AuditKeys {
  const signer = readSigner(privatePem, 'audit')
  const publics = [createPublicKey(signer), ...retired.map((pem) => createPublicKey(pem))]
  return { signer, known: new Map(publics.map((key) => [nameKey(key), key])) }
}

/** @throws TypeError if it is another kind of key. */
export function readTokenKeys(privatePem: string): TokenKeys {
  const signer = readSigner(privatePem, 'token')
  const verifier = createPublicKey(signer)
  return { id: nameKey(verifier), signer, verifier }
}

function readSigner(privatePem: string, use: string): KeyObject {
  const signer = createPrivateKey(privatePem)
  if (signer.asymmetricKeyType !== 'ed25519') throw new TypeError(`The ${use} key must be an Ed25519 private key`)
  return signer
}

/** Names a public key: the first 16 hexadecimal digits of the SHA-256 of its SPKI form. */
export function nameKey(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex').slice(0, 16)
}
