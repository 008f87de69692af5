import { PERMISSIONS } from '@orrery/contract'
import { type Database, NO_ORG, type Transaction } from '../database/database.ts'
import { newId } from '../new-id.ts'
import { makeApiKey } from './api-key.ts'
import { insertOrgWithKey } from './create-org.ts'
import { insertKey, markRevoked } from './key-store.ts'
import { type OrgRow, selectOrgs } from './org-store.ts'

export interface Bootstrap {
  /** UUID of the organization the key belongs to. */
  readonly org: string
  readonly orgName: string
  /** The key, to be printed once. Null: the installation has one already, and no other was asked for. */
  readonly secret: string | null
  /** UUID of that key. */
  readonly key: string | null
}

/**
 * Makes the first organization and a key that may do everything, on a database that has none. `newKey` makes another
 * such key for the oldest organization, for an operator who lost his: whoever can run this has the database anyway. So it
 * does where no key is left that could make one.
 */
export function bootstrapInstallation(database: Database, options: { readonly newKey?: boolean } = {}): Promise<Bootstrap> {
  return database.transaction(NO_ORG, 'read write', async (tx) => {
    // Several processes may start at once on an empty database.
    await tx.client.query(`select pg_advisory_xact_lock(hashtext('orrery bootstrap')), set_config('app.all_orgs', 'on', true)`)
    const now = new Date()
    const first = oldest(await selectOrgs(tx, null, 1000))
    if (first === null) {
      const made = await insertOrgWithKey(tx, 'default', PERMISSIONS, now)
      if (made === null) throw new Error('The first organization could not be made')
      return { org: made.org, orgName: 'default', secret: made.secret, key: made.key }
    }
    const { org_id: org, name: orgName } = first
    if (!options.newKey && (await hasUsableKey(tx, org, now))) return { org, orgName, secret: null, key: null }
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
  })
}

/** Takes back a key that nobody was shown. */
export async function withdrawKey(database: Database, org: string, key: string): Promise<void> {
  await database.transaction(org, 'read write', (tx) => markRevoked(tx, org, key, new Date()))
}

/** One that may make others. */
async function hasUsableKey(tx: Transaction, org: string, now: Date): Promise<boolean> {
  await tx.client.query(`select set_config('app.org_id', $1, true)`, [org])
  const { rows } = await tx.client.query(
    `select from app.api_key
     where org_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2) and 'keys:write' = any (scopes) limit 1`,
    [org, now],
  )
  return rows.length > 0
}

function oldest(orgs: readonly OrgRow[]): OrgRow | null {
  return orgs.reduce<OrgRow | null>((first, org) => (first === null || org.created_at < first.created_at ? org : first), null)
}
