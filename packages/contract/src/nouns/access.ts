import { z } from 'zod'
import { keyId, orgId } from '../ids.ts'
import { permission } from '../permissions.ts'
import { timestamp } from '../scalars.ts'

export const org = z.object({ id: orgId, name: z.string(), createdAt: timestamp })

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
