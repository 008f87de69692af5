import { encodeId, PERMISSION_SETS, type Permission } from '@orrery/contract'
import type { FoundIdentity, Login } from '../context/identity.ts'
import type { Database } from '../database/database.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import { knownRole, type MemberRow } from '../members/member-row.ts'
import { type LoginRow, selectLogin } from './login-store.ts'

interface Sent {
  /** Of a login: what `readLoginToken` returned. */
  readonly token: string
  /** The organization that is meant. Null: the one used last, or the first. */
  readonly org: string | null
}

/** Null: the login has ended, or its person is no member of that organization, or suspended there. */
export async function findByLogin(database: Database, { token, org }: Sent, at: number): Promise<FoundIdentity | null> {
  const login = await findLogin(database, token, at)
  if (login === null) return null
  const member = choose(await findMembersOfPerson(database, login.person), org, login)
  return member === undefined ? null : toFound(member, login)
}

/** Null: the login has ended. */
export async function findLogin(database: Database, token: string, at: number): Promise<Login | null> {
  const row = await selectLogin(database.people, token)
  return row === undefined || row.expires_at.getTime() <= at ? null : toLogin(row)
}

function toLogin(row: LoginRow): Login {
  return {
    id: row.id,
    person: row.person_id,
    org: row.last_org,
    isBrowser: row.client === null,
    administersInstallation: row.administers_installation,
    provedAt: row.proved_at.getTime(),
    expiresAt: row.expires_at.getTime(),
  }
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
