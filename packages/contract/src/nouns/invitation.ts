import { z } from 'zod'
import { invitationId } from '../ids.ts'
import { roleName } from '../permissions.ts'
import { timestamp } from '../scalars.ts'

/** An invitation of a person to an organization, by mail. The person who opens its link within seven days may become a member. */
export const invitation = z.object({
  id: invitationId,
  email: z.string(),
  name: z.string().nullable(),
  role: roleName,
  state: z.enum(['open', 'expired', 'accepted', 'revoked']),
  invitedBy: z.string().meta({ description: 'Id of the member, key or run that invited.' }),
  createdAt: timestamp,
  expiresAt: timestamp.meta({ description: 'Until when the link of the last mail is good.' }),
  acceptedAt: timestamp.nullable(),
  revokedAt: timestamp.nullable(),
})
