import type { OrgId } from '@orrery/engine'
import { type Database, empty, insertInto, prepared, sql, type Transaction } from '@orrery/kernel'
import type { StoredTrigger } from './automation-row.ts'

export interface WebhookRef {
  readonly org: OrgId
  readonly triggerId: string
}

/** Searches all organizations: an address does not name one. */
export async function findWebhook(database: Database, tokenHash: Buffer): Promise<WebhookRef | null> {
  const [row] = await database.ask<WebhookRef>(
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
  /** The automation's time zone, an IANA name. */
  readonly timezone: string
  readonly trouble: string | null
}

export async function selectWebhook(tx: Transaction, org: OrgId, triggerId: string): Promise<WebhookRow | null> {
  const statement = sql`select t.trigger_id as "triggerId", t.definition, t.token_hash as "tokenHash", t.signing_secret as "signingSecret",
        coalesce(a.definition->>'timezone', 'UTC') as timezone, t.trouble
      from app.trigger t join app.automation a on a.org_id = t.org_id and a.automation_id = t.automation_id
      where t.org_id = ${org} and t.trigger_id = ${triggerId} and t.type = 'webhook'`
  return (await tx.row<WebhookRow>(prepared('webhook_read', statement))) ?? null
}

/** Keys of the webhooks of an automation that cannot receive deliveries: they have no address, or need a signing secret and have none. */
export async function selectUnreadyWebhooks(tx: Transaction, org: OrgId, automation: string): Promise<string[]> {
  const rows = await tx.rows<{ key: string }>(
    sql`select key from app.trigger where org_id = ${org} and automation_id = ${automation} and type = 'webhook'
          and (token_hash is null or coalesce(definition->>'signature', 'none') <> 'none' and signing_secret is null)`,
  )
  return rows.map(({ key }) => key).sort()
}

export async function changeWebhook(
  tx: Transaction,
  { org, triggerId }: WebhookRef,
  { tokenHash, signingSecret }: Pick<WebhookRow, 'tokenHash' | 'signingSecret'>,
): Promise<void> {
  await tx.write(
    sql`update app.trigger set token_hash = ${tokenHash}, signing_secret = ${signingSecret} where org_id = ${org} and trigger_id = ${triggerId}`,
  )
}

export type SealedWebhook = WebhookRef & { readonly sealed: string }

/** Webhooks of all organizations, after the given one, whose secret is sealed with one of these keys, locked. Locked rows are skipped. */
export function lockSealedWith(
  tx: Transaction,
  keyIds: readonly string[],
  after: WebhookRef | undefined,
  limit: number,
): Promise<SealedWebhook[]> {
  return tx.rows<SealedWebhook>(
    sql`select org_id as org, trigger_id as "triggerId", signing_secret as sealed from app.trigger
        where split_part(signing_secret, '.', 2) = any (${keyIds})
          ${after === undefined ? empty : sql`and (org_id, trigger_id) > (${after.org}, ${after.triggerId})`}
        order by org_id, trigger_id limit ${limit} for update skip locked`,
  )
}

export async function setSigningSecret(tx: Transaction, { org, triggerId }: WebhookRef, sealed: string): Promise<void> {
  await tx.write(sql`update app.trigger set signing_secret = ${sealed} where org_id = ${org} and trigger_id = ${triggerId}`)
}

/**
 * Records a delivery. If it is not new, returns the firing of the first. A second transaction with the same delivery waits for the first.
 */
export async function recordDelivery(
  tx: Transaction,
  { org, triggerId }: WebhookRef,
  hash: Buffer,
  now: Date,
): Promise<{ readonly isNew: true } | { readonly isNew: false; readonly firingId: string | null }> {
  const delivery = { org_id: org, trigger_id: triggerId, delivery_hash: hash, at: now }
  const count = await tx.write(sql`${insertInto('app.webhook_delivery', delivery)} on conflict do nothing`)
  if (count === 1) return { isNew: true }
  const row = await tx.row<{ firing_id: string | null }>(
    sql`select firing_id from app.webhook_delivery where org_id = ${org} and trigger_id = ${triggerId} and delivery_hash = ${hash}`,
  )
  return { isNew: false, firingId: row?.firing_id ?? null }
}

export async function setDeliveryFiring(tx: Transaction, { org, triggerId }: WebhookRef, hash: Buffer, firingId: string): Promise<void> {
  await tx.write(
    sql`update app.webhook_delivery set firing_id = ${firingId}
        where org_id = ${org} and trigger_id = ${triggerId} and delivery_hash = ${hash}`,
  )
}

/** Deletes deliveries of all organizations that came before a time. */
export async function removeOldDeliveries(database: Database, before: Date, limit: number): Promise<number> {
  const rows = await database.ask(
    sql`delete from app.webhook_delivery d using (
          select org_id, trigger_id, delivery_hash from app.webhook_delivery where at < ${before} limit ${limit} for update skip locked
        ) old
        where d.org_id = old.org_id and d.trigger_id = old.trigger_id and d.delivery_hash = old.delivery_hash returning 1`,
  )
  return rows.length
}
