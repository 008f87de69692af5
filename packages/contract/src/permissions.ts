/** What an actor may do. An API key has scopes from this list. */
import { z } from 'zod'

export const PERMISSIONS = [
  'workflows:read',
  'workflows:deploy',
  'runs:read',
  'runs:write',
  'workers:read',
  'queues:read',
  'queues:write',
  'connections:read',
  'connections:write',
  'tools:read',
  'tools:write',
  /** Call a tool by hand, and grant the scopes that tools require to their callers: those that are permissions only if the key has them. */
  'tools:call',
  'pipelines:read',
  'pipelines:write',
  'automations:read',
  'automations:write',
  'calendars:read',
  'calendars:write',
  'keys:read',
  'keys:write',
  'members:read',
  'members:write',
  'agents:read',
  'agents:write',
  /** Add roles to the organization and change them: for admins alone. */
  'roles:write',
  /** Export and erase what is stored about people, and set how long data is kept: for admins alone. */
  'privacy:write',
  'orgs:read',
  /** For the whole installation: create and list organizations. */
  'orgs:admin',
  'audit:read',
  'events:read',
  'events:write',
] as const

export const permission = z.enum(PERMISSIONS)
export type Permission = z.infer<typeof permission>

/**
 * What a caller needs: a scope; `public`: nothing; `any`: any key or access token, whatever its scopes; `token`: the same, or what can only
 * be exchanged or revoked: a refresh token, or the secret of an agent's credential.
 */
export type Access = Permission | 'public' | 'any' | 'token'

export function isScope(access: Access): access is Permission {
  return access !== 'public' && access !== 'any' && access !== 'token'
}

const KNOWN: ReadonlyMap<string, Permission> = new Map([
  ...PERMISSIONS.map((name) => [name, name] as const),
  // The scope of event.emit, which does what the operation events.emit does.
  ['events:emit', 'events:write'],
])

/** What a caller must have, in addition to `tools:call`, to grant a scope. Null for scopes of tools that are no permissions. */
export function permissionToGrant(scope: string): Permission | null {
  return KNOWN.get(scope) ?? null
}

const READ: readonly Permission[] = PERMISSIONS.filter((name) => name.endsWith(':read'))
const OPERATE: readonly Permission[] = [...READ, 'runs:write', 'queues:write', 'automations:write', 'calendars:write', 'events:write']

const DEVELOP: readonly Permission[] = [...OPERATE, 'workflows:deploy', 'pipelines:write', 'tools:write', 'tools:call']

/** Named sets of scopes. `admin` is everything inside one organization; `installation` adds all organizations. */
export const PERMISSION_SETS = {
  viewer: READ,
  operator: OPERATE,
  developer: DEVELOP,
  manager: [...DEVELOP, 'connections:write', 'members:write', 'agents:write'],
  admin: PERMISSIONS.filter((name) => name !== 'orgs:admin'),
  installation: PERMISSIONS,
} as const satisfies Record<string, readonly Permission[]>

export type PermissionSet = keyof typeof PERMISSION_SETS
export const permissionSet = z.enum(Object.keys(PERMISSION_SETS) as [PermissionSet, ...PermissionSet[]])

/** The sets that are roles of every organization, from the widest. The others are for keys. An organization may add roles of its own. */
export const ROLES = ['admin', 'manager', 'operator', 'viewer'] as const satisfies readonly PermissionSet[]
export type Role = (typeof ROLES)[number]

/** The name of a built-in role, or of one that an organization has added. */
export const roleName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'Expected a role: 1 to 63 lower-case letters, digits and dashes, beginning with a letter')

/** Names that no organization can give to a role of its own: those of all sets. */
export function isBuiltInSet(name: string): name is PermissionSet {
  return Object.hasOwn(PERMISSION_SETS, name)
}
