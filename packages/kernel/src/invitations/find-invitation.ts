import { encodeId, type Id } from '@orrery/contract'
import { type Database, NO_ORG } from '../database/database.ts'
import { seeOrg } from '../database/session-settings.ts'
import { findPerson } from '../people/find-person.ts'
import { toInvitation } from './invitation-row.ts'
import { hashInvitationSecret } from './invitation-secret.ts'
import { selectByHash, selectOrgName } from './invitation-store.ts'

export interface FoundInvitation {
  readonly orgName: string
  readonly orgId: Id<'org'>
  readonly email: string
  readonly name: string | null
  readonly role: string
  readonly expiresAt: Date
  /** Whether the address is that of a person of the installation, who must be logged in to accept. */
  readonly isPersonKnown: boolean
}

/**
 * What the holder of a link may see of an invitation. Null: no open invitation has this secret.
 * @param secret of the link @param now ms since the epoch
 */
export async function findInvitation(database: Database, secret: string, now: number): Promise<FoundInvitation | null> {
  const hash = hashInvitationSecret(secret)
  if (hash === null) return null
  const found = await database.transaction(NO_ORG, 'read only', async (tx) => {
    const row = await selectByHash(tx, hash)
    if (row === undefined || toInvitation(row, now).state !== 'open') return null
    await seeOrg(tx, row.org_id)
    return { row, orgName: await selectOrgName(tx, row.org_id) }
  })
  if (found === null) return null
  const { row, orgName } = found
  const { org_id: org, email, name, role, expires_at: expiresAt } = row
  return { orgName, orgId: encodeId('org', org), email, name, role, expiresAt, isPersonKnown: (await findPerson(database, email)) !== null }
}
