import { z } from 'zod'
import { memberId } from '../ids.ts'
import { roleName } from '../permissions.ts'
import { timestamp } from '../scalars.ts'

/** A person in an organization. In another organization the same person is another member, with a role of its own. */
export const member = z.object({
  id: memberId,
  name: z.string(),
  email: z.string(),
  role: roleName.meta({ description: 'Name of a built-in role or of one that the organization has added.' }),
  joinedAt: timestamp,
  suspendedAt: timestamp.nullable().meta({ description: 'Since when the member may do nothing. Null: it is not suspended.' }),
})
