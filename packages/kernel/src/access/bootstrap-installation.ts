import { PERMISSIONS } from '@orrery/contract'
import { type Database, NO_ORG, type Transaction } from '../database/database.ts'
import { seeAllOrgs, seeOrg } from '../database/session-settings.ts'
import { newId } from '../new-id.ts'
import type { SecretKeys } from '../secrets/secret-keys.ts'
import { makeApiKey } from './api-key.ts'
import { insertOrgWithKey } from './create-org.ts'
import { hasUsableKey, insertKey, markRevoked } from './key-store.ts'
import { lockBootstrap, type OrgRow, selectOrgs } from './org-store.ts'

export interface Bootstrap {
  /** UUID of the organization the key belongs to. */
  readonly org: string
  readonly orgName: string
  /** The new key, to be printed once. Null: the installation has a key already, and no new one was requested. */
  readonly secret: string | null
  /** UUID of the new key. */
  readonly key: string | null
}

interface BootstrapOptions {
  readonly newKey?: boolean
}

/**
 * On a database without organizations, creates the first one and a key with all permissions. `newKey` creates another such key in the
 * oldest organization, for an operator who has lost the first one. That needs no permission, because the operator has access to the
 * database. A new key is also created when that organization has no valid key left that may create others.
 * @param nowMs the database's time, in ms since the epoch
 */
export function bootstrapInstallation(
  database: Database,
  keys: SecretKeys,
  nowMs: number,
  options: BootstrapOptions = {},
): Promise<Bootstrap> {
  return database.transaction(NO_ORG, 'read write', async (tx) => {
    // Several processes may start on an empty database at the same time.
    await lockBootstrap(tx)
    return seeAllOrgs(tx, () => findOrMakeKey(tx, keys, new Date(nowMs), options))
  })
}

async function findOrMakeKey(tx: Transaction, keys: SecretKeys, now: Date, { newKey = false }: BootstrapOptions): Promise<Bootstrap> {
  const first = oldest(await selectOrgs(tx, null, 1000))
  if (first === null) {
    const made = await insertOrgWithKey(tx, keys, { name: 'default', scopes: PERMISSIONS, now })
    if (made === null) throw new Error('The first organization could not be created')
    return { org: made.org, orgName: 'default', secret: made.secret, key: made.key }
  }
  const { org_id: org, name: orgName } = first
  await seeOrg(tx, org)
  if (!newKey && (await hasUsableKey(tx, org, now))) return { org, orgName, secret: null, key: null }
  const fresh = makeApiKey(keys)
  const row = {
    org_id: org,
    key_id: newId(now.getTime()),
    name: 'Made on the server',
    prefix: fresh.prefix,
    scopes: [...PERMISSIONS],
    created_at: now,
    expires_at: null,
    last_used_at: null,
    revoked_at: null,
  }
  await insertKey(tx, row, fresh.hash)
  return { org, orgName, secret: fresh.secret, key: row.key_id }
}

/** Revokes a new key that could not be shown to the operator. */
export async function withdrawKey(database: Database, org: string, key: string, nowMs: number): Promise<void> {
  await database.transaction(org, 'read write', (tx) => markRevoked(tx, org, key, new Date(nowMs)))
}

function oldest(orgs: readonly OrgRow[]): OrgRow | null {
  return orgs.reduce<OrgRow | null>((first, org) => (first === null || org.created_at < first.created_at ? org : first), null)
}
