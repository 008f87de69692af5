import { z } from 'zod'
import { memberId } from '../ids.ts'
import { member } from '../nouns/member.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { roleName } from '../permissions.ts'

export const listMembers = defineOperation({
  name: 'members.list',
  summary: 'List the members of the organization',
  description: 'In the order in which they joined, suspended members included.',
  input: z.strictObject(pageInput),
  output: page(member),
  problems: [],
  permission: 'members:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/members' },
  cli: { verb: 'members list' },
  rows: 'items',
})

export const getMember = defineOperation({
  name: 'members.get',
  summary: 'Show a member',
  input: z.strictObject({ memberId }),
  output: member,
  problems: ['member.not_found'],
  permission: 'members:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/members/{memberId}' },
  cli: { verb: 'members get', positionals: ['memberId'] },
})

export const updateMember = defineOperation({
  name: 'members.update',
  summary: 'Give a member another role, suspend it, or let it in again',
  description:
    'A suspended member can do nothing within five seconds, in every process. You need all permissions of the role that the member has and ' +
    'of the one that it gets. An organization keeps at least one admin that is not suspended.',
  input: z.strictObject({
    memberId,
    role: roleName.optional().meta({ description: 'Name of a built-in role or of one that the organization has added.' }),
    suspended: z.boolean().optional().meta({ description: 'Whether the member is suspended from now on.' }),
  }),
  output: member,
  problems: ['member.not_found', 'role.not_found', 'member.role_too_wide', 'member.last_admin'],
  choices: [{ of: ['role', 'suspended'], given: 'at least one' }],
  permission: 'members:write',
  effect: 'write',
  idempotent: true,
  audit: 'member.updated',
  proof: 'recent',
  http: { method: 'PATCH', path: '/members/{memberId}' },
  cli: { verb: 'members update', positionals: ['memberId'] },
})

export const removeMember = defineOperation({
  name: 'members.remove',
  summary: 'Remove a member from the organization',
  description: 'It leaves all groups, too. What it did stays in the audit log. The person keeps their login and their other organizations.',
  input: z.strictObject({ memberId }),
  output: member,
  problems: ['member.not_found', 'member.role_too_wide', 'member.last_admin'],
  permission: 'members:write',
  effect: 'write',
  idempotent: false,
  audit: 'member.removed',
  proof: 'recent',
  http: { method: 'DELETE', path: '/members/{memberId}' },
  cli: { verb: 'members remove', positionals: ['memberId'] },
})
