import { z } from 'zod'
import { erasureId, memberId } from '../ids.ts'
import { erasure, memberExport, personExport, retention, retentionDays } from '../nouns/personal-data.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'

const email = z.email('Expected an e-mail address, e.g. ada@example.com').max(254)

const payloads = z.enum(['keep', 'delete']).meta({
  description:
    '`delete`: ended runs, events, firings and traces of calls that mention the address are deleted whole, in the background. ' +
    '`keep`: they stay.',
})

export const exportProfile = defineOperation({
  name: 'profile.export',
  summary: 'Export everything that is stored about you',
  description:
    'One document: your profile, logins, passkeys and connected accounts without their secrets, and what each of your organizations holds about ' +
    'you. What organizations wrote into runs and events is theirs; an admin finds it with `members.erase`.',
  input: z.strictObject({}),
  output: personExport,
  problems: ['login_required'],
  permission: 'any',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/profile/export' },
  cli: { verb: 'profile export' },
})

export const deleteProfile = defineOperation({
  name: 'profile.delete',
  summary: 'Delete yourself from the installation',
  description:
    'You leave all organizations, and your profile, logins, passkeys and connected accounts are deleted. The audit logs keep what you did, without ' +
    'your name. This cannot be undone.',
  input: z.strictObject({ confirm: email.meta({ description: 'Your own e-mail address, to confirm.' }) }),
  output: z.object({ organizations: z.number().int().meta({ description: 'How many organizations you have left.' }) }),
  problems: ['login_required', 'member.last_admin', 'profile.last_administrator'],
  permission: 'any',
  effect: 'write',
  idempotent: false,
  audit: 'profile.deleted',
  proof: 'recent',
  http: { method: 'POST', path: '/profile/delete' },
  cli: { verb: 'profile delete' },
})

export const exportMember = defineOperation({
  name: 'members.export',
  summary: 'Export what the organization holds about a member',
  description: 'Of your own organization alone. The audit log says that it was exported.',
  input: z.strictObject({ memberId }),
  output: memberExport,
  problems: ['member.not_found'],
  permission: 'privacy:write',
  effect: 'write',
  idempotent: true,
  audit: 'member.exported',
  proof: 'recent',
  http: { method: 'POST', path: '/members/{memberId}/export' },
  cli: { verb: 'members export', positionals: ['memberId'] },
})

export const eraseMember = defineOperation({
  name: 'members.erase',
  summary: 'Remove a member, and delete what the organization holds about the person',
  description:
    'The person itself is deleted when it is a member of no other organization. The erasure reports how far it is, and where the ' +
    'configuration of the organization mentions the address. This cannot be undone.',
  input: z.strictObject({ memberId, payloads }),
  output: z.object({
    erasure,
    personDeleted: z
      .boolean()
      .meta({ description: 'False: the person is a member elsewhere, or the last who administers the installation.' }),
  }),
  problems: ['member.not_found', 'member.role_too_wide', 'member.last_admin'],
  permission: 'privacy:write',
  effect: 'write',
  idempotent: false,
  audit: 'member.erased',
  proof: 'recent',
  http: { method: 'POST', path: '/members/{memberId}/erase' },
  cli: { verb: 'members erase', positionals: ['memberId'] },
})

export const startErasure = defineOperation({
  name: 'erasures.start',
  summary: 'Delete what mentions an e-mail address',
  description: 'For people who are no members, such as customers, and for those who have left. It works in the background.',
  input: z.strictObject({
    email: email.meta({ description: 'The address to look for, in any case.' }),
    payloads: payloads.default('delete'),
  }),
  output: erasure,
  problems: [],
  permission: 'privacy:write',
  effect: 'write',
  idempotent: false,
  audit: 'erasure.started',
  proof: 'recent',
  http: { method: 'POST', path: '/erasures', status: 202 },
  cli: { verb: 'erasures start', positionals: ['email'] },
})

export const listErasures = defineOperation({
  name: 'erasures.list',
  summary: 'List erasures',
  description: 'Newest first. None of them shows the address.',
  input: z.strictObject(pageInput),
  output: page(erasure),
  problems: [],
  permission: 'privacy:write',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/erasures' },
  cli: { verb: 'erasures list' },
  rows: 'items',
})

export const getErasure = defineOperation({
  name: 'erasures.get',
  summary: 'Show how far an erasure is, and what it deleted',
  input: z.strictObject({ erasureId }),
  output: erasure,
  problems: ['erasure.not_found'],
  permission: 'privacy:write',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/erasures/{erasureId}' },
  cli: { verb: 'erasures get', positionals: ['erasureId'] },
})

export const getRetention = defineOperation({
  name: 'retention.get',
  summary: 'Show how long the organization keeps its data',
  input: z.strictObject({}),
  output: retention,
  problems: [],
  permission: 'orgs:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/retention' },
  cli: { verb: 'retention get' },
})

const { runDays, eventDays, toolCallDays, firingDays } = retentionDays

export const setRetention = defineOperation({
  name: 'retention.set',
  summary: 'Set how long the organization keeps its data',
  description: 'Fields that you leave out stay as they are. The shorter of this and the setting of the installation counts.',
  input: z.strictObject({
    runDays: runDays.optional(),
    eventDays: eventDays.optional(),
    toolCallDays: toolCallDays.optional(),
    firingDays: firingDays.optional(),
  }),
  output: retention,
  problems: [],
  choices: [{ of: ['runDays', 'eventDays', 'toolCallDays', 'firingDays'], given: 'at least one' }],
  permission: 'privacy:write',
  effect: 'write',
  idempotent: true,
  audit: 'retention.set',
  http: { method: 'PATCH', path: '/retention' },
  cli: { verb: 'retention set' },
})
