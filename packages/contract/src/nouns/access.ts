import { z } from 'zod'
import { keyId, orgId } from '../ids.ts'
import { permission, roleName } from '../permissions.ts'
import { timestamp } from '../scalars.ts'

export const org = z.object({ id: orgId, name: z.string(), createdAt: timestamp })

/** Rules for the members of an organization. */
export const orgRules = z.object({
  passkeyRequired: z
    .boolean()
    .meta({ description: 'Whether members act in this organization only with a login that was made with a passkey.' }),
  mailDomains: z
    .array(
      z
        .string()
        .max(253)
        .regex(
          /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
          'Expected a domain in lower case, e.g. example.com',
        ),
    )
    .max(50)
    .meta({ description: 'The domains that addresses of members may have, without their subdomains. Empty: any.' }),
})

export const apiKey = z.object({
  id: keyId,
  name: z.string(),
  prefix: z.string().meta({ description: 'The first characters of the key, to identify it.' }),
  scopes: z.array(permission),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  lastUsedAt: timestamp.nullable().meta({ description: 'Accurate to one minute.' }),
  revokedAt: timestamp.nullable(),
})

/** A result that shows the key itself, only once. */
export const newApiKey = apiKey.extend({
  secret: z.string().nullable().meta({ description: 'The key. Shown only once: null when an idempotent request is repeated.' }),
})

/** Who calls, and what they may do. */
export const caller = z.object({
  actor: z.object({ type: z.enum(['api_key', 'member', 'agent', 'node', 'run', 'system']), id: z.string(), name: z.string() }),
  org: org.pick({ id: true, name: true }),
  role: roleName.nullable().meta({ description: 'Of a member of the organization; null: the caller is not one.' }),
  permissions: z.array(permission),
  administersInstallation: z.boolean().meta({ description: 'Whether the caller may create and list organizations.' }),
  expiresAt: timestamp.nullable().meta({ description: 'When the key, token or login ends by itself. Null: never.' }),
  orgs: z
    .array(org.pick({ id: true, name: true }).extend({ role: roleName }))
    .meta({ description: 'Of a person: the organizations in which they may act, for the header `Orrery-Org`. Others have none.' }),
})
