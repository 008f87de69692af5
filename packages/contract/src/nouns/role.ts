import { z } from 'zod'
import { PERMISSIONS, permission, type Role, roleName } from '../permissions.ts'
import { text, timestamp } from '../scalars.ts'

/** The permissions of one organization: all but those for the whole installation. */
const orgPermission = permission.exclude(['orgs:admin'])

export const role = z.object({
  name: roleName,
  description: z.string(),
  permissions: z.array(permission),
  builtIn: z.boolean().meta({ description: 'Every organization has the role; it can be neither changed nor deleted.' }),
  members: z.number().int().meta({ description: 'How many members have it, suspended ones included.' }),
  updatedAt: timestamp.nullable().meta({ description: 'Null: the role is built in.' }),
})

export const roleDescription = text(500, 0).meta({ description: 'What the role is for.' })
export const rolePermissions = z
  .array(orgPermission)
  .max(PERMISSIONS.length)
  .meta({ description: 'What its members may do. You must have these permissions yourself.' })

/** What the built-in roles are for. */
export const BUILT_IN_ROLES = {
  admin: 'Everything inside the organization, its keys, roles and rules included.',
  manager: 'Builds and runs workflows and pipelines, and manages connections and members.',
  operator: 'Starts and stops runs, changes automations and calendars.',
  viewer: 'Reads everything, changes nothing.',
} as const satisfies Record<Role, string>
