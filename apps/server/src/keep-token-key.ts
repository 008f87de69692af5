import { makeTokenKey, readTokenKeys, type TokenKeys } from '@orrery/core'
import { keepFile } from './keep-file.ts'

/** The key that signs tokens: made at the first start, in a file that only this login can read. */
export function keepTokenKey(file: string): TokenKeys {
  return readTokenKeys(keepFile(file, makeTokenKey))
}
