import { encodeId } from '@orrery/contract'
import { type Database, type Log, RESEAL_BATCH, resealRows, SecretError, type SecretKeys } from '@orrery/kernel'
import { lockSealedWith, type SealedWebhook, setSigningSecret } from '../webhook-store.ts'
import { openSigningSecret, sealSigningSecret } from './signing-secret.ts'

/** Seals signing secrets of webhooks with the active key, as `resealConnections` does for connections. Returns how many. */
export async function resealWebhooks(database: Database, keys: SecretKeys, log: Log): Promise<number> {
  const old = [...keys.known.keys()].filter((id) => id !== keys.activeId)
  if (old.length === 0) return 0
  return database.loop(async (tx) => {
    const count = await resealRows<SealedWebhook>(
      (after) => lockSealedWith(tx, old, after, RESEAL_BATCH),
      async (row) => {
        const sealed = resealed(keys, row, log)
        if (sealed === null) return false
        await setSigningSecret(tx, row, sealed)
        return true
      },
    )
    if (count > 0) log.info({ count, key: keys.activeId }, 'Signing secrets of webhooks were sealed with the new key')
    return count
  })
}

function resealed(keys: SecretKeys, row: SealedWebhook, log: Log): string | null {
  try {
    return sealSigningSecret(keys, row, openSigningSecret(keys, row, row.sealed))
  } catch (error) {
    if (!(error instanceof SecretError)) throw error
    log.warn(
      { trigger: encodeId('trg', row.triggerId), reason: error.message },
      'A signing secret of a webhook could not be sealed with the new key',
    )
    return null
  }
}
