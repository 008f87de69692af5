import type { OrgId } from '@orrery/engine'
import type { Database, Transaction } from '../../database/database.ts'
import { sql } from '../../database/sql.ts'
import type { StoredTrigger } from '../definition/read-definition.ts'

export interface WebhookPlace {
  readonly org: OrgId
  readonly triggerId: string
}

/** Over all organizations: an address names none. */
export async function findWebhook(database: Database, tokenHash: Buffer): Promise<WebhookPlace | null> {
  const [row] = await database.ask<WebhookPlace>(
    sql`select org_id as org, trigger_id as "triggerId" from app.trigger where token_hash = ${tokenHash}`,
  )
  return row ?? null
}

export interface WebhookRow {
  readonly triggerId: string
  readonly definition: Extract<StoredTrigger, { readonly type: 'webhook' }>
  readonly tokenHash: Buffer | null
  /** Sealed. */
  readonly signingSecret: string | null
  /** Of the automation; IANA name. */
  readonly timezone: string
  readonly isTroubled: boolean
}

export async function selectWebhook(tx: Transaction, org: OrgId, triggerId: string): Promise<WebhookRow | null> {
  const { rows } = await tx.client.query<WebhookRow>({
    name: 'webhook_read',
    text: `select t.trigger_id as "triggerId", t.definition, t.token_hash as "tokenHash", t.signing_secret as "signingSecret",
             coalesce(a.definition->>'timezone', 'UTC') as timezone, t.trouble is not null as "isTroubled"
           from app.trigger t join app.automation a on a.org_id = t.org_id and a.automation_id = t.automation_id
           where t.org_id = $1 and t.trigger_id = $2 and t.type = 'webhook'`,
    values: [org, triggerId],
  })
  return rows[0] ?? null
}

/** Keys of the webhooks of an automation that nothing can be delivered at: without an address, or without the secret that signs. */
export async function selectUnready(tx: Transaction, org: OrgId, automation: string): Promise<string[]> {
  const { rows } = await tx.client.query<{ key: string }>(
    `select key from app.trigger where org_id = $1 and automation_id = $2 and type = 'webhook'
       and (token_hash is null or coalesce(definition->>'signature', 'none') <> 'none' and signing_secret is null)`,
    [org, automation],
  )
  return rows.map(({ key }) => key).sort()
}

export async function changeWebhook(
  tx: Transaction,
  { org, triggerId }: WebhookPlace,
  { tokenHash, signingSecret }: Pick<WebhookRow, 'tokenHash' | 'signingSecret'>,
): Promise<void> {
  await tx.client.query('update app.trigger set token_hash = $3, signing_secret = $4 where org_id = $1 and trigger_id = $2', [
    org,
    triggerId,
    tokenHash,
    signingSecret,
  ])
}

/** Puts a delivery on record. Not new: what came of the first one. Whoever brings the same one at the same time waits for the first. */
export async function keepDelivery(
  tx: Transaction,
  { org, triggerId }: WebhookPlace,
  hash: Buffer,
  now: Date,
): Promise<{ readonly isNew: true } | { readonly isNew: false; readonly firingId: string | null }> {
  const made = await tx.client.query(
    'insert into app.webhook_delivery (org_id, trigger_id, delivery_hash, at) values ($1, $2, $3, $4) on conflict do nothing',
    [org, triggerId, hash, now],
  )
  if (made.rowCount === 1) return { isNew: true }
  const { rows } = await tx.client.query<{ firing_id: string | null }>(
    'select firing_id from app.webhook_delivery where org_id = $1 and trigger_id = $2 and delivery_hash = $3',
    [org, triggerId, hash],
  )
  return { isNew: false, firingId: rows[0]?.firing_id ?? null }
}

export async function settleDelivery(tx: Transaction, { org, triggerId }: WebhookPlace, hash: Buffer, firingId: string): Promise<void> {
  await tx.client.query('update app.webhook_delivery set firing_id = $4 where org_id = $1 and trigger_id = $2 and delivery_hash = $3', [
    org,
    triggerId,
    hash,
    firingId,
  ])
}
