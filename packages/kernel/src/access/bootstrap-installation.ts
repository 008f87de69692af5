import { PERMISSIONS } from '@orrery/contract'
import { type Database, NO_ORG, type Transaction } from '../database/database.ts'
import { seeAllOrgs, seeOrg } from '../database/session-settings.ts'
import { newId } from '../new-id.ts'
import { makeApiKey } from './api-key.ts'
import { insertOrgWithKey } from './create-org.ts'
import { hasUsableKey, insertKey, markRevoked } from './key-store.ts'
import { lockBootstrap, type OrgRow, selectOrgs } from './org-store.ts'

export interface Bootstrap {
  /** UUID of the organization the key belongs to. */
  readonly org: string
  readonly orgName: string
  /** The key, to be printed once. Null: the installation has one already, and no other was asked for. */
  readonly secret: string | null
  /** UUID of that key. */
  readonly key: string | null
}

interface BootstrapOptions {
  readonly newKey?: boolean
}

/**
 * On a database without organizations, makes the first one and a key with all permissions. `newKey` makes another such key for the oldest
 * organization, for an operator who has lost theirs; it needs no permission, since running this takes access to the database. The same
 * happens when that organization has no key left that could make others.
 */
export function bootstrapInstallation(database: Database, options: BootstrapOptions = {}): Promise<Bootstrap> {
  return database.transaction(NO_ORG, 'read write', async (tx) => {
    // Several processes may start at once on an empty database.
    await lockBootstrap(tx)
    return seeAllOrgs(tx, () => findOrMakeKey(tx, options))
  })
}

async function findOrMakeKey(tx: Transaction, { newKey = false }: BootstrapOptions): Promise<Bootstrap> {
  const now = new Date()
  const first = oldest(await selectOrgs(tx, null, 1000))
  if (first === null) {
    const made = await insertOrgWithKey(tx, 'default', PERMISSIONS, now)
    if (made === null) throw new Error('The first organization could not be made')
    return { org: made.org, orgName: 'default', secret: made.secret, key: made.key }
  }
  const { org_id: org, name: orgName } = first
  await seeOrg(tx, org)
  if (!newKey && (await hasUsableKey(tx, org, now))) return { org, orgName, secret: null, key: null }
  const fresh = makeApiKey()
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

/** Takes back a key that nobody was shown. */
export async function withdrawKey(database: Database, org: string, key: string): Promise<void> {
  await database.transaction(org, 'read write', (tx) => markRevoked(tx, org, key, new Date()))
}

function oldest(orgs: readonly OrgRow[]): OrgRow | null {
  return orgs.reduce<OrgRow | null>((first, org) => (first === null || org.created_at < first.created_at ? org : first), null)
}
