import { encodeId } from '@orrery/contract'
import { type Database, type Log, RESEAL_BATCH, resealRows, SecretError, type SecretKeys } from '@orrery/kernel'
import { openFields, sealFields } from './connection-secrets.ts'
import { changeSecrets, lockSealedWith, type SealedRow } from './connection-store.ts'

/**
 * Seals one batch of secrets again that were sealed with another key than the active one, so that the old key can be removed from the file.
 * Returns the number of changed rows. A row that cannot be opened stays as it is and is logged.
 */
export async function resealConnections(database: Database, keys: SecretKeys, log: Log): Promise<number> {
  const old = [...keys.known.keys()].filter((id) => id !== keys.activeId)
  if (old.length === 0) return 0
  return database.loop(async (tx) => {
    const count = await resealRows<SealedRow>(
      (after) => lockSealedWith(tx, old, after, RESEAL_BATCH),
      async (row) => {
        const secrets = resealed(keys, row, log)
        if (secrets === null) return false
        await changeSecrets(tx, { ...row, secrets })
        return true
      },
    )
    if (count > 0) log.info({ count, key: keys.activeId }, 'Secrets of connections were sealed with the new key')
    return count
  })
}

function resealed(keys: SecretKeys, row: SealedRow, log: Log): Record<string, string> | null {
  try {
    return sealFields(keys, row, openFields(keys, row, row.secrets))
  } catch (error) {
    if (!(error instanceof SecretError)) throw error
    log.warn({ connection: encodeId('con', row.connection_id), reason: error.message }, 'A connection cannot be sealed with the new key')
    return null
  }
}
