import { z } from 'zod'
import { role, roleDescription, rolePermissions } from '../nouns/role.ts'
import { defineOperation } from '../operation.ts'
import { roleName } from '../permissions.ts'

export const listRoles = defineOperation({
  name: 'roles.list',
  summary: 'List the roles that members can have',
  description: 'The built-in roles first, from the widest, then those that the organization has added, by name. At most 104.',
  input: z.strictObject({}),
  output: z.object({ items: z.array(role) }),
  problems: [],
  permission: 'members:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/roles' },
  cli: { verb: 'roles list' },
  rows: 'items',
})

export const getRole = defineOperation({
  name: 'roles.get',
  summary: 'Show a role and what it allows',
  input: z.strictObject({ role: roleName }),
  output: role,
  problems: ['role.not_found'],
  permission: 'members:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/roles/{role}' },
  cli: { verb: 'roles get', positionals: ['role'] },
})

export const putRole = defineOperation({
  name: 'roles.put',
  summary: 'Add a role, or replace one',
  description:
    'A role may have only permissions that you have yourself. What changes counts for its members within five seconds, in every process.',
  input: z.strictObject({ role: roleName, permissions: rolePermissions, description: roleDescription.default('') }),
  output: role,
  problems: ['role.built_in', 'role.too_wide', 'role.too_many'],
  permission: 'roles:write',
  effect: 'write',
  idempotent: true,
  audit: 'role.saved',
  proof: 'recent',
  http: { method: 'PUT', path: '/roles/{role}' },
  cli: { verb: 'roles put', positionals: ['role'] },
})

export const deleteRole = defineOperation({
  name: 'roles.delete',
  summary: 'Delete a role that no member has',
  input: z.strictObject({ role: roleName }),
  output: role,
  problems: ['role.not_found', 'role.built_in', 'role.too_wide', 'role.in_use'],
  permission: 'roles:write',
  effect: 'write',
  idempotent: false,
  audit: 'role.deleted',
  proof: 'recent',
  http: { method: 'DELETE', path: '/roles/{role}' },
  cli: { verb: 'roles delete', positionals: ['role'] },
})
