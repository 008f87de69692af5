import { z } from 'zod'
import { auditId } from '../ids.ts'
import { json, timestamp } from '../scalars.ts'

export const auditEntry = z.object({
  id: auditId,
  action: z.string(),
  actorType: z.enum(['api_key', 'member', 'agent', 'node', 'system']),
  actor: z.string().meta({ description: 'Id of the actor.' }),
  actorName: z.string().nullable().meta({
    description: 'The present name of a member or key; `removed member` for one that is gone. The log itself holds no names of people.',
  }),
  subject: z.string().meta({ description: 'Id or name of the object of the action.' }),
  inputDigest: z.string().meta({ description: 'SHA-256 of the input as canonical JSON (RFC 8785).' }),
  detail: json.nullable(),
  requestId: z.string(),
  at: timestamp,
  seal: z
    .object({ seq: z.number().int(), hash: z.string() })
    .nullable()
    .meta({ description: 'Null until the entry is part of the hash chain.' }),
})

export const auditVerdict = z.object({
  ok: z.boolean(),
  sealed: z.number().int().meta({ description: 'Entries in the hash chain.' }),
  unsealed: z.number().int(),
  checkpoints: z.number().int(),
  /** Sequence number of the last entry that a signature covers. */
  signedThrough: z.number().int(),
  faults: z.array(z.object({ seq: z.number().int(), message: z.string() })).meta({ description: 'The first faults found, up to 20.' }),
})
