/** What an actor may do. A key carries scopes out of this list; people get them through a role later. */
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
  'keys:read',
  'keys:write',
  'orgs:read',
  /** Over the whole installation: makes and lists organizations. */
  'orgs:admin',
  'audit:read',
  'events:read',
] as const

export const permission = z.enum(PERMISSIONS)
export type Permission = z.infer<typeof permission>

const READ: readonly Permission[] = PERMISSIONS.filter((name) => name.endsWith(':read'))
const OPERATE: readonly Permission[] = [...READ, 'runs:write', 'queues:write']

/** Named sets, for making keys. `admin` is everything inside one organization; `installation` is that and all organizations. */
export const PERMISSION_SETS = {
  reader: READ,
  operator: OPERATE,
  developer: [...OPERATE, 'workflows:deploy'],
  admin: PERMISSIONS.filter((name) => name !== 'orgs:admin'),
  installation: PERMISSIONS,
} as const satisfies Record<string, readonly Permission[]>

export type PermissionSet = keyof typeof PERMISSION_SETS
export const permissionSet = z.enum(Object.keys(PERMISSION_SETS) as [PermissionSet, ...PermissionSet[]])
