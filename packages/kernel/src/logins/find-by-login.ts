import { encodeId, type Permission } from '@orrery/contract'
import type { FoundIdentity, Login } from '../context/identity.ts'
import type { Database } from '../database/database.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import type { MemberOfPersonRow } from '../members/member-row.ts'
import { findRuleBrokenBy, requireRules } from '../members/require-rules.ts'
import { permissionsOfRole } from '../roles/role-row.ts'
import { type LoginRow, selectLogin } from './login-store.ts'
import { LOGIN_IDLE_MS_MAX, recordUse } from './record-use.ts'

interface Sent {
  /** Of a login: what `readLoginToken` returned. */
  readonly token: string
  /** The organization that is meant. Null: the one used last, or the first in which the login may act. */
  readonly org: string | null
}

/** However often it is used, a login ends so long after it was made. */
export const LOGIN_MS_MAX = 90 * 24 * 3_600_000

/**
 * Null: the login has ended, or its person is no member of that organization, or suspended there.
 * @throws passkey_required, mail_domain_refused: the organization has a rule that the login or the member breaks
 */
export async function findByLogin(database: Database, { token, org }: Sent, at: number): Promise<FoundIdentity | null> {
  const row = await selectLogin(database.people, token)
  if (row === undefined || hasEnded(row, at)) return null
  await recordUse(database, { id: row.id, usedAt: row.used_at }, at)
  const login = toLogin(row)
  const member = choose(await findMembersOfPerson(database, login.person), org, login)
  if (member === undefined) return null
  requireRules(member, login.method)
  return toFound(member, login)
}

/** Null: the login has ended. */
export async function findLogin(database: Database, token: string, at: number): Promise<Login | null> {
  const row = await selectLogin(database.people, token)
  return row === undefined || hasEnded(row, at) ? null : toLogin(row)
}

function hasEnded(row: LoginRow, at: number): boolean {
  const usedAt = row.used_at ?? row.created_at
  return toLogin(row).expiresAt <= at || usedAt.getTime() + LOGIN_IDLE_MS_MAX <= at
}

function toLogin(row: LoginRow): Login {
  return {
    id: row.id,
    person: row.person_id,
    org: row.last_org,
    isBrowser: row.client === null,
    administersInstallation: row.administers_installation,
    method: row.method,
    provedAt: row.proved_at.getTime(),
    expiresAt: Math.min(row.expires_at.getTime(), row.created_at.getTime() + LOGIN_MS_MAX),
  }
}

function choose(members: readonly MemberOfPersonRow[], asked: string | null, login: Login): MemberOfPersonRow | undefined {
  const active = members.filter(({ suspended_at }) => suspended_at === null)
  if (asked !== null) return active.find(({ org_id }) => org_id === asked)
  // The one used last comes first.
  const ranked = [...active.filter(({ org_id }) => org_id === login.org), ...active]
  return ranked.find((member) => findRuleBrokenBy(member, login.method) === null) ?? ranked[0]
}

function toFound(row: MemberOfPersonRow, login: Login): FoundIdentity {
  const permissions: Permission[] = [...permissionsOfRole(row.role, row.role_permissions)]
  if (row.role === 'admin' && login.administersInstallation) permissions.push('orgs:admin')
  const actor = { type: 'member', id: encodeId('mbr', row.member_id), name: row.name } as const
  return { identity: { actor, org: row.org_id, permissions: new Set(permissions), login }, expiresAt: login.expiresAt }
}
