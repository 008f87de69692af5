import { PERMISSION_SETS, PERMISSIONS, type Permission } from '@orrery/contract'

/** No client gets what concerns the whole installation. */
const GRANTABLE: readonly Permission[] = PERMISSIONS.filter((name) => name !== 'orgs:admin')
const SETS: ReadonlyMap<string, readonly Permission[]> = new Map(
  Object.entries(PERMISSION_SETS).filter(([, permissions]) => permissions.every((one) => GRANTABLE.includes(one))),
)

/** What a client gets that asks for nothing. */
export const DEFAULT_OAUTH_SCOPE = 'viewer'
/** Each client gets a refresh token, so that its access tokens can be short. */
export const OFFLINE_SCOPE = 'offline_access'
/** Permissions, and names of sets of them. */
export const OAUTH_SCOPES: readonly string[] = [...GRANTABLE, ...SETS.keys(), OFFLINE_SCOPE]

/** The permissions that OAuth scopes stand for. Scopes of a newer server stand for nothing. */
export function permissionsOfScopes(scopes: Iterable<string>): ReadonlySet<Permission> {
  const found = new Set<Permission>()
  for (const scope of scopes) {
    for (const one of SETS.get(scope) ?? GRANTABLE.filter((name) => name === scope)) found.add(one)
  }
  return found
}
