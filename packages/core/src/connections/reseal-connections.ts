import { encodeId } from '@orrery/contract'
import type { ClientBase } from 'pg'
import type { Log } from '../context/kernel.ts'
import type { Database } from '../database/database.ts'
import { RESEAL_BATCH, resealRows } from '../secrets/reseal-rows.ts'
import { SecretError } from '../secrets/secret-error.ts'
import type { SecretKeys } from '../secrets/secret-keys.ts'
import type { ConnectionRow } from './connection-row.ts'
import { openFields, sealFields } from './connection-secrets.ts'

type Row = Pick<ConnectionRow, 'org_id' | 'connection_id' | 'secrets'>

/**
 * Seals with the active key what another key of the ring sealed, some rows at a time, so that the old key can be taken out of the file.
 * Returns how many. What does not open stays as it is, and is told.
 */
export async function resealConnections(database: Database, keys: SecretKeys, log: Log): Promise<number> {
  const old = [...keys.known.keys()].filter((id) => id !== keys.activeId)
  if (old.length === 0) return 0
  return database.loop(async ({ client }) => {
    const count = await resealRows<Row>(
      (after) => selectSealedWith(client, old, after),
      async (row) => {
        const secrets = resealed(keys, row, log)
        if (secrets === null) return false
        await client.query('update app.connection set secrets = $3 where org_id = $1 and connection_id = $2', [
          row.org_id,
          row.connection_id,
          JSON.stringify(secrets),
        ])
        return true
      },
    )
    if (count > 0) log.info({ count, key: keys.activeId }, 'Secrets of connections were sealed with the new key')
    return count
  })
}

async function selectSealedWith(client: ClientBase, keyIds: readonly string[], after: Row | undefined): Promise<readonly Row[]> {
  const { rows } = await client.query<Row>(
    `select org_id, connection_id, secrets from app.connection c
     where exists (select from json_each_text(c.secrets) s where split_part(s.value, '.', 2) = any ($1))
       and ($2::uuid is null or (org_id, connection_id) > ($2, $3::uuid))
     order by org_id, connection_id limit ${RESEAL_BATCH} for update skip locked`,
    [keyIds, after?.org_id, after?.connection_id],
  )
  return rows
}

function resealed(keys: SecretKeys, row: Row, log: Log): Record<string, string> | null {
  try {
    return sealFields(keys, row, openFields(keys, row, row.secrets))
  } catch (error) {
    if (!(error instanceof SecretError)) throw error
    log.warn({ connection: encodeId('con', row.connection_id), reason: error.message }, 'A connection cannot be sealed with the new key')
    return null
  }
}
