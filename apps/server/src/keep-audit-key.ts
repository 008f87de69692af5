import { type AuditKeys, makeAuditKey, readAuditKeys } from '@orrery/core'
import { keepFile } from './keep-file.ts'

/** The key that signs the audit log: made once, in a file that only this login can read. */
export function keepAuditKey(file: string): AuditKeys {
  return readAuditKeys(keepFile(file, makeAuditKey))
}
