/** The server's own keys. Each is created at the first start, in a file that only the server's user can read. */
import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  type AuditKeys,
  makeSecretKey,
  makeSigningKey,
  readAuditKeys,
  readSecretKeys,
  readTokenKeys,
  type SecretKeys,
  type TokenKeys,
} from '@orrery/kernel'

/** The key that signs the audit log. */
export function loadAuditKeys(file: string): AuditKeys {
  return readAuditKeys(readOrCreate(file, makeSigningKey))
}

/** The keys that encrypt the credentials of connections. */
export function loadSecretKeys(file: string): SecretKeys {
  return readSecretKeys(readOrCreate(file, makeSecretKey))
}

/** The key that signs tokens. */
export function loadTokenKeys(file: string): TokenKeys {
  return readTokenKeys(readOrCreate(file, makeSigningKey))
}

function readOrCreate(file: string, make: () => string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const draft = `${file}.${randomUUID()}`
    writeFileSync(draft, make(), { mode: 0o600, flag: 'wx' })
    try {
      // A hard link is atomic. When two processes start at once, one creates the file and the other reads it; a kill never
      // leaves half a file.
      linkSync(draft, file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      unlinkSync(draft)
    }
  }
  return readFileSync(file, 'utf8')
}
