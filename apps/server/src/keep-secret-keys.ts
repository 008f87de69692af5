import { makeSecretKey, readSecretKeys, type SecretKeys } from '@orrery/core'
import { keepFile } from './keep-file.ts'

/** The keys that seal the credentials of connections: one is made at the first start, in a file that only this login can read. */
export function keepSecretKeys(file: string): SecretKeys {
  return readSecretKeys(keepFile(file, makeSecretKey))
}
