import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { nameKey } from './audit-chain.ts'

/** The key that signs checkpoints, and the public keys that old and new checkpoints are checked with. */
export interface AuditKeys {
  readonly signer: KeyObject
  readonly known: ReadonlyMap<string, KeyObject>
}

/** A new Ed25519 private key in PEM (PKCS #8), for the host to keep in a file that only it can read. */
export function makeAuditKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** @param retired public keys in PEM of signers used earlier. */
export function readAuditKeys(privatePem: string, retired: readonly string[] = []): AuditKeys {
  const signer = createPrivateKey(privatePem)
  if (signer.asymmetricKeyType !== 'ed25519') throw new TypeError('The audit key must be an Ed25519 private key')
  const publics = [createPublicKey(signer), ...retired.map((pem) => createPublicKey(pem))]
  return { signer, known: new Map(publics.map((key) => [nameKey(key), key])) }
}
