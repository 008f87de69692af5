import { encodeId, PERMISSION_SETS, type Permission } from '@orrery/contract'
import type { Login } from '../context/identity.ts'
import type { Logins } from '../context/kernel.ts'
import { type Database, NO_ORG } from '../database/database.ts'
import { seePerson } from '../database/session-settings.ts'
import type { FoundIdentity } from './find-identity.ts'
import { knownRole, type MemberRow } from './member-row.ts'
import { selectMembersOfPerson } from './member-store.ts'

/** What was sent: the secret of a login and the organization that is meant. Null: the one used last, or the first. */
interface Sent {
  readonly secret: string
  readonly org: string | null
}

/** Null: the login has ended, or its person is no member of that organization, or suspended there. */
export async function findByLogin(database: Database, logins: Logins, { secret, org }: Sent, at: number): Promise<FoundIdentity | null> {
  const login = await logins.find(secret)
  if (login === null || login.expiresAt <= at) return null
  const members = await database.transaction(NO_ORG, 'read only', async (tx) => {
    await seePerson(tx, login.person)
    return selectMembersOfPerson(tx, login.person)
  })
  const member = choose(members, org, login)
  return member === undefined ? null : toFound(member, login)
}

function choose(members: readonly MemberRow[], asked: string | null, login: Login): MemberRow | undefined {
  const active = members.filter(({ suspended_at }) => suspended_at === null)
  if (asked !== null) return active.find(({ org_id }) => org_id === asked)
  return active.find(({ org_id }) => org_id === login.org) ?? active[0]
}

function toFound(row: MemberRow, login: Login): FoundIdentity {
  const role = knownRole(row)
  const permissions: Permission[] = role === null ? [] : [...PERMISSION_SETS[role]]
  if (role === 'admin' && login.administersInstallation) permissions.push('orgs:admin')
  const actor = { type: 'member', id: encodeId('mbr', row.member_id), name: row.name } as const
  return { identity: { actor, org: row.org_id, permissions: new Set(permissions), login }, expiresAt: login.expiresAt }
}
