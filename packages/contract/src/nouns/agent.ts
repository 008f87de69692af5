import { z } from 'zod'
import { agentId, credentialId } from '../ids.ts'
import { permission } from '../permissions.ts'
import { name, text, timestamp } from '../scalars.ts'

/** A program that acts under its own name. It logs in with a credential, and may do what its scopes say. */
export const agent = z.object({
  id: agentId,
  name,
  description: text(1_000, 0),
  scopes: z.array(permission),
  createdAt: timestamp,
  suspendedAt: timestamp.nullable().meta({ description: 'Since when the agent may do nothing. Null: it is not suspended.' }),
  lastSeenAt: timestamp.nullable().meta({ description: 'When it last sent a secret or token of its own. Accurate to one minute.' }),
})

/** What an agent logs in with. */
export const credential = z.object({
  id: credentialId,
  name: z.string(),
  prefix: z.string().meta({ description: 'The first characters of the secret, to identify it.' }),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  lastUsedAt: timestamp.nullable().meta({ description: 'When it, or a token of it, was last used. Accurate to one minute.' }),
  revokedAt: timestamp.nullable(),
})

/** A result that shows the secret itself, only once. */
export const newCredential = credential.extend({
  secret: z.string().nullable().meta({ description: 'The secret. Shown only once: null when an idempotent request is repeated.' }),
})
