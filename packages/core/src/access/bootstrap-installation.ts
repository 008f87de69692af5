import { PERMISSIONS } from '@orrery/contract'
import { type Database, NO_ORG } from '../database.ts'
import { newId } from '../new-id.ts'
import { makeApiKey } from './api-key.ts'
import { insertOrgWithKey } from './create-org.ts'
import { insertKey } from './key-store.ts'
import { type OrgRow, selectOrgs } from './org-store.ts'

export interface Bootstrap {
  /** UUID of the organization the key belongs to. */
  readonly org: string
  readonly orgName: string
  /** The key, to be printed once. Null: the installation has organizations already, and no key was asked for. */
  readonly secret: string | null
}

/**
 * Makes the first organization and a key that may do everything, on a database that has none. `newKey` makes another
 * such key for the oldest organization, for an operator who lost his: whoever can run this has the database anyway.
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
      return { org: made.org, orgName: 'default', secret: made.secret }
    }
    if (!options.newKey) return { org: first.org_id, orgName: first.name, secret: null }
    const fresh = makeApiKey()
    const row = {
      org_id: first.org_id,
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
    return { org: first.org_id, orgName: first.name, secret: fresh.secret }
  })
}

function oldest(orgs: readonly OrgRow[]): OrgRow | null {
  return orgs.reduce<OrgRow | null>((first, org) => (first === null || org.created_at < first.created_at ? org : first), null)
}
