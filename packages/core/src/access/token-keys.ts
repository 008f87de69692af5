import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { nameKey } from '../audit/audit-chain.ts'

/** The key that signs tokens: the same in every process of an installation, and in no other installation. */
export interface TokenKeys {
  readonly id: string
  readonly signer: KeyObject
  readonly verifier: KeyObject
}

/** A new Ed25519 private key in PEM (PKCS #8), for the host to keep in a file that only it can read. */
export function makeTokenKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** @throws TypeError if it is another kind of key. */
export function readTokenKeys(privatePem: string): TokenKeys {
  const signer = createPrivateKey(privatePem)
  if (signer.asymmetricKeyType !== 'ed25519') throw new TypeError('The token key must be an Ed25519 private key')
  const verifier = createPublicKey(signer)
  return { id: nameKey(verifier), signer, verifier }
}
