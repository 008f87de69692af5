import { BUILT_IN_ROLES, PERMISSION_SETS, PERMISSIONS, type Permission, ROLES, type Role } from '@orrery/contract'

export interface RoleRow {
  readonly org_id: string
  readonly name: string
  readonly description: string
  readonly permissions: string[]
  readonly updated_at: Date
}

/** A role that an organization can add allows everything but this. */
const NEVER: Permission = 'orgs:admin'
const GRANTABLE: ReadonlySet<string> = new Set(PERMISSIONS.filter((one) => one !== NEVER))

/**
 * What a role allows here. @param stored of a role that the organization has added. A role, or a permission, that a newer server has stored
 * allows nothing.
 */
export function permissionsOfRole(name: string, stored: readonly string[] | null): readonly Permission[] {
  const builtIn = findBuiltIn(name)
  if (builtIn !== null) return PERMISSION_SETS[builtIn]
  return (stored ?? []).filter((one): one is Permission => GRANTABLE.has(one))
}

export function findBuiltIn(name: string): Role | null {
  return ROLES.find((one) => one === name) ?? null
}

/** The public form of a role that the organization has added. */
export function toRole(row: RoleRow, members: number) {
  return {
    name: row.name,
    description: row.description,
    permissions: [...permissionsOfRole(row.name, row.permissions)],
    builtIn: false,
    members,
    updatedAt: row.updated_at.toISOString(),
  }
}

/** The public form of a built-in role. */
export function toBuiltInRole(name: Role, members: number) {
  return { name, description: BUILT_IN_ROLES[name], permissions: [...PERMISSION_SETS[name]], builtIn: true, members, updatedAt: null }
}
