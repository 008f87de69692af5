import { z } from 'zod'
import { keyId, orgId } from '../ids.ts'
import { permission } from '../permissions.ts'
import { timestamp } from '../scalars.ts'

export const org = z.object({ id: orgId, name: z.string(), createdAt: timestamp })

export const apiKey = z.object({
  id: keyId,
  name: z.string(),
  prefix: z.string().meta({ description: 'The first letters of the key, to tell keys apart.' }),
  scopes: z.array(permission),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  lastUsedAt: timestamp.nullable().meta({ description: 'Right to within a minute.' }),
  revokedAt: timestamp.nullable(),
})

/** An answer that shows the key itself, this once. */
export const newApiKey = apiKey.extend({
  secret: z.string().nullable().meta({ description: 'The key. Shown once: null when an idempotent request is repeated.' }),
})
