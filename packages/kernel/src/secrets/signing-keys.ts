/** Ed25519 keys (RFC 8032) that sign audit checkpoints and tokens. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'

/** The key that signs checkpoints, and the public keys that verify old and new ones. */
export interface AuditKeys {
  readonly signer: KeyObject
  readonly known: ReadonlyMap<string, KeyObject>
}

/** The key that signs tokens. All processes of an installation share it, and no other installation has it. */
export interface TokenKeys {
  readonly id: string
  readonly signer: KeyObject
  readonly verifier: KeyObject
}

/** A new private key in PEM (PKCS #8). The server stores it in a file that only the server can read. */
export function makeSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** @param retired public keys in PEM of earlier signers. @throws TypeError for another kind of key */
export function readAuditKeys(privatePem: string, retired: readonly string[] = []): AuditKeys {
  const signer = readSigner(privatePem, 'audit')
  const publics = [createPublicKey(signer), ...retired.map((pem) => createPublicKey(pem))]
  return { signer, known: new Map(publics.map((key) => [nameKey(key), key])) }
}

/** @throws TypeError for another kind of key */
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

/** The public key that verifies tokens, as others need it: a JSON Web Key (RFC 7517, RFC 8037 2). */
export function describePublicKey({ id, verifier }: TokenKeys) {
  return { ...verifier.export({ format: 'jwk' }), kid: id, use: 'sig', alg: 'EdDSA' }
}

/** The id of a public key: the first 16 hexadecimal digits of the SHA-256 of its SPKI form. */
export function nameKey(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex').slice(0, 16)
}
