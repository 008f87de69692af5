import { PERMISSION_SETS, type Role } from '@orrery/contract'
import type { Database } from '../database/database.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import { knownRole } from '../members/member-row.ts'
import { selectOrgName } from './consent-store.ts'

/** An organization for which a person may allow a client something. */
export interface OrgChoice {
  /** A UUID. */
  readonly org: string
  readonly name: string
  readonly role: Role
}

/** The organizations in which a person (a UUID) is a member and not suspended, in the order in which they joined. */
export async function listChoices(database: Database, person: string): Promise<readonly OrgChoice[]> {
  const choices: OrgChoice[] = []
  for (const member of await findMembersOfPerson(database, person)) {
    const role = knownRole(member)
    if (member.suspended_at !== null || role === null || PERMISSION_SETS[role].length === 0) continue
    const org = member.org_id
    const name = await database.transaction(org, 'read only', (tx) => selectOrgName(tx, org))
    if (name !== null) choices.push({ org, name, role })
  }
  return choices
}
