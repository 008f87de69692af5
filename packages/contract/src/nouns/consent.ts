import { z } from 'zod'
import { consentId, orgId } from '../ids.ts'
import { timestamp } from '../scalars.ts'

/** What a person allowed a program (OAuth) in an organization. */
export const consent = z.object({
  id: consentId,
  client: z.object({
    id: z.string().meta({ description: 'What the program is called in OAuth.' }),
    name: z.string().meta({ description: 'What the program calls itself.' }),
    host: z.string().nullable().meta({ description: 'The host that vouches for the program. Null: it registered itself.' }),
  }),
  orgId,
  scopes: z.array(z.string()).meta({ description: 'What it may do: permissions, and names of sets of them.' }),
  createdAt: timestamp,
  changedAt: timestamp.meta({ description: 'When the person last decided about the program.' }),
})
