import { z } from 'zod'
import { erasureId, orgId } from '../ids.ts'
import { json, timestamp } from '../scalars.ts'
import { auditEntry } from './audit.ts'
import { member } from './member.ts'

/** A row about the person, without secrets: `login`, `passkey`, `account`, `mail`, `invitation`, `group_member` … */
const personalRecord = z.object({
  kind: z.string().meta({ description: 'The table: `login`, `passkey`, `account`, `mail`, `invitation` …' }),
  data: json.meta({ description: 'The row, by the names of its columns; secrets are left out.' }),
})

/** What one organization holds about a member. */
export const memberExport = z.object({
  org: z.object({ id: orgId, name: z.string() }),
  member,
  records: z.array(personalRecord).meta({ description: 'Invitations to the address and groups of the member, up to 1000 of a kind.' }),
  audit: z.array(auditEntry).meta({ description: 'What the member did, newest first, up to 1000 entries.' }),
  auditLeftOut: z.number().int().meta({ description: 'Older entries that are not in `audit`.' }),
})

/** What the installation holds about a person. */
export const personExport = z.object({
  exportedAt: timestamp,
  person: z.object({ name: z.string(), email: z.string(), data: json.meta({ description: 'All that is stored of the profile.' }) }),
  records: z.array(personalRecord).meta({ description: 'Logins, passkeys, connected accounts, mails …, up to 1000 of a kind.' }),
  memberships: z.array(memberExport).meta({ description: 'What each organization holds about the person.' }),
})

const count = z.number().int().min(0)

/** Deletes what mentions an address, in the background. */
export const erasure = z.object({
  id: erasureId,
  payloads: z.enum(['keep', 'delete']),
  status: z.enum(['working', 'waiting', 'ended']).meta({
    description: '`waiting`: some runs that mention the address have not ended. They are deleted when they have.',
  }),
  requestedBy: z.string().meta({ description: 'Id of an actor.' }),
  requestedAt: timestamp,
  endedAt: timestamp.nullable(),
  deleted: z
    .object({ runs: count, events: count, firings: count, toolCalls: count, answers: count })
    .meta({ description: 'What was deleted so far. `answers`: those kept for idempotency keys.' }),
  runsInWork: count.meta({ description: 'Runs that mention the address and have not ended.' }),
  places: z
    .array(z.object({ kind: z.string(), id: z.string() }))
    .nullable()
    .meta({
      description: 'Configuration that mentions the address, for you to change; up to 100 of a kind. Null until it was looked for.',
    }),
})

const days = (max: number, what: string) =>
  z
    .number()
    .int()
    .min(1)
    .max(max)
    .nullable()
    .meta({ description: `Days for which ${what} are kept. Null: as long as the installation keeps them.` })

export const retentionDays = {
  runDays: days(36_500, 'ended runs, with history, logs and payloads,'),
  eventDays: days(36_500, 'events'),
  toolCallDays: days(90, 'traces of calls of tools'),
  firingDays: days(90, 'firings of automations'),
}

export const retention = z.object({ ...retentionDays, updatedAt: timestamp.nullable() })
