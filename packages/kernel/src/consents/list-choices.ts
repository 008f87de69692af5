import type { Permission } from '@orrery/contract'
import type { Database } from '../database/database.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import { permissionsOfRole } from '../roles/role-row.ts'

/** An organization for which a person may allow a client something. */
export interface OrgChoice {
  /** A UUID. */
  readonly org: string
  readonly name: string
  readonly role: string
  readonly permissions: readonly Permission[]
}

/** The organizations in which a person (a UUID) is a member and not suspended, in the order in which they joined. */
export async function listChoices(database: Database, person: string): Promise<readonly OrgChoice[]> {
  const members = await findMembersOfPerson(database, person)
  return members
    .filter(({ suspended_at }) => suspended_at === null)
    .map(({ org_id: org, org_name: name, role, role_permissions }) => {
      return { org, name, role, permissions: permissionsOfRole(role, role_permissions) }
    })
    .filter(({ permissions }) => permissions.length > 0)
}
