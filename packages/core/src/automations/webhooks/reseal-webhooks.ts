import { encodeId } from '@orrery/contract'
import type { ClientBase } from 'pg'
import type { Log } from '../../context/kernel.ts'
import type { Database } from '../../database/database.ts'
import { RESEAL_BATCH, resealRows } from '../../secrets/reseal-rows.ts'
import { SecretError } from '../../secrets/secret-error.ts'
import type { SecretKeys } from '../../secrets/secret-keys.ts'
import { openSigningSecret, sealSigningSecret } from './signing-secret.ts'
import type { WebhookPlace } from './webhook-store.ts'

type Row = WebhookPlace & { readonly sealed: string }

/** As `resealConnections`, for the signing secrets of webhooks. Returns how many. */
export async function resealWebhooks(database: Database, keys: SecretKeys, log: Log): Promise<number> {
  const old = [...keys.known.keys()].filter((id) => id !== keys.activeId)
  if (old.length === 0) return 0
  return database.loop(async ({ client }) => {
    const count = await resealRows<Row>(
      (after) => selectSealedWith(client, old, after),
      async (row) => {
        const sealed = resealed(keys, row, log)
        if (sealed === null) return false
        await client.query('update app.trigger set signing_secret = $3 where org_id = $1 and trigger_id = $2', [
          row.org,
          row.triggerId,
          sealed,
        ])
        return true
      },
    )
    if (count > 0) log.info({ count, key: keys.activeId }, 'Signing secrets of webhooks were sealed with the new key')
    return count
  })
}

async function selectSealedWith(client: ClientBase, keyIds: readonly string[], after: Row | undefined): Promise<readonly Row[]> {
  const { rows } = await client.query<Row>(
    `select org_id as org, trigger_id as "triggerId", signing_secret as sealed from app.trigger
     where split_part(signing_secret, '.', 2) = any ($1) and ($2::uuid is null or (org_id, trigger_id) > ($2, $3::uuid))
     order by org_id, trigger_id limit ${RESEAL_BATCH} for update skip locked`,
    [keyIds, after?.org, after?.triggerId],
  )
  return rows
}

function resealed(keys: SecretKeys, row: Row, log: Log): string | null {
  try {
    return sealSigningSecret(keys, row, openSigningSecret(keys, row, row.sealed))
  } catch (error) {
    if (!(error instanceof SecretError)) throw error
    log.warn({ trigger: encodeId('trg', row.triggerId), reason: error.message }, 'A signing secret cannot be sealed with the new key')
    return null
  }
}
