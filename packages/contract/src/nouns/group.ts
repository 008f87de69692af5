import { z } from 'zod'
import { groupId, memberId } from '../ids.ts'
import { name, text, timestamp } from '../scalars.ts'

/** Members to whom work is assigned together. Being in a group allows nothing more. */
export const group = z.object({
  id: groupId,
  name: z.string(),
  description: z.string(),
  members: z.number().int().meta({ description: 'How many members it has.' }),
  createdAt: timestamp,
})

/** Who may be in a group: a member. */
export const groupActorId = memberId

export const groupMember = z.object({
  id: groupActorId,
  name: z.string(),
  addedAt: timestamp,
})

export const groupName = name.meta({ description: 'Unique in the organization.' })
export const groupDescription = text(500, 0).meta({ description: 'What the group does.' })
