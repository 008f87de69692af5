import { z } from 'zod'
import { timestamp } from '../scalars.ts'

/** Both are shown once: null when an idempotent request is repeated. */
export const tokenPair = z.object({
  accessToken: z
    .string()
    .nullable()
    .meta({ description: 'To be sent as the bearer token until it expires. It has the scopes of its key.' }),
  accessExpiresAt: timestamp,
  expiresInSeconds: z.number().int().meta({ description: 'Of the access token, from now.' }),
  refreshToken: z.string().nullable().meta({ description: 'Good for one refresh. Used a second time, it ends its token family.' }),
  refreshExpiresAt: timestamp,
})
