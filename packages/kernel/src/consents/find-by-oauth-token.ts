import { encodeId } from '@orrery/contract'
import type { FoundIdentity } from '../context/identity.ts'
import type { Database } from '../database/database.ts'
import { LOGIN_IDLE_MS_MAX, recordUse } from '../logins/record-use.ts'
import { findMembersOfPerson } from '../members/find-members-of-person.ts'
import { requireRules } from '../members/require-rules.ts'
import { permissionsOfRole } from '../roles/role-row.ts'
import { selectAllowedClient } from './consent-store.ts'
import { OAUTH_SCOPES, permissionsOfScopes } from './oauth-scopes.ts'
import type { OAuthClaims } from './oauth-token.ts'

/**
 * The member for whom a client acts, with those permissions of its role that the client was allowed. Null: the person no longer allows the
 * client, or is no member of that organization, or suspended there.
 * @throws passkey_required, mail_domain_refused
 * @param claims of a token that `readOAuthToken` has verified
 */
export async function findByOAuthToken(database: Database, claims: OAuthClaims, at: number): Promise<FoundIdentity | null> {
  const client = await selectAllowedClient(database.people, claims, new Date(at), new Date(at - LOGIN_IDLE_MS_MAX))
  if (client === undefined) return null
  await recordUse(database, { id: claims.login, usedAt: client.used_at }, at)
  const member = (await findMembersOfPerson(database, claims.person)).find(({ org_id }) => org_id === claims.org)
  if (member === undefined || member.suspended_at !== null) return null
  requireRules(member, client.method)
  const allowed = permissionsOfScopes(claims.scopes)
  const grantable = permissionsOfScopes(OAUTH_SCOPES)
  const ofRole = new Set(permissionsOfRole(member.role, member.role_permissions).filter((one) => grantable.has(one)))
  return {
    identity: {
      actor: { type: 'member', id: encodeId('mbr', member.member_id), name: member.name },
      org: claims.org,
      permissions: new Set([...ofRole].filter((one) => allowed.has(one))),
      client: { id: client.client_id, name: client.name ?? client.client_id, scopes: claims.scopes, mayAskFor: ofRole },
    },
    expiresAt: claims.expiresAt,
  }
}
