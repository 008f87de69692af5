import { z } from 'zod'
import { permission } from '../permissions.ts'
import { timestamp } from '../scalars.ts'

/** Both are shown once: null when an idempotent request is repeated. */
export const tokenPair = z.object({
  accessToken: z
    .string()
    .nullable()
    .meta({ description: 'The bearer token of requests until it expires. It has the scopes of its key or agent.' }),
  accessExpiresAt: timestamp,
  expiresInSeconds: z.number().int().meta({ description: 'Remaining lifetime of the access token.' }),
  scopes: z.array(permission).meta({ description: 'What the access token may do now.' }),
  refreshToken: z.string().nullable().meta({ description: 'Valid for one refresh. Using it a second time ends its token family.' }),
  refreshExpiresAt: timestamp,
})
