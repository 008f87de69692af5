import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { type AuditKeys, makeAuditKey, readAuditKeys } from '@orrery/core'

/** The key that signs the audit log: made once, in a file that only this login can read. */
export function keepAuditKey(file: string): AuditKeys {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    try {
      // Exclusively: of two processes that start at once, one makes it and the other reads it.
      const handle = openSync(file, 'wx', 0o600)
      writeSync(handle, makeAuditKey())
      closeSync(handle)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  return readAuditKeys(readFileSync(file, 'utf8'))
}
