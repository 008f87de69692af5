import { z } from 'zod'
import { groupId } from '../ids.ts'
import { group, groupActorId, groupDescription, groupMember, groupName } from '../nouns/group.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'

export const listGroups = defineOperation({
  name: 'groups.list',
  summary: 'List groups',
  description: 'By name.',
  input: z.strictObject(pageInput),
  output: page(group),
  problems: [],
  permission: 'members:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/groups' },
  cli: { verb: 'groups list' },
  rows: 'items',
})

export const getGroup = defineOperation({
  name: 'groups.get',
  summary: 'Show a group',
  input: z.strictObject({ groupId }),
  output: group,
  problems: ['group.not_found'],
  permission: 'members:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/groups/{groupId}' },
  cli: { verb: 'groups get', positionals: ['groupId'] },
})

export const createGroup = defineOperation({
  name: 'groups.create',
  summary: 'Create a group',
  description: 'Work is assigned to groups. Being in a group allows nothing more.',
  input: z.strictObject({ name: groupName, description: groupDescription.default('') }),
  output: group,
  problems: ['group.name_taken'],
  permission: 'members:write',
  effect: 'write',
  idempotent: false,
  audit: 'group.created',
  http: { method: 'POST', path: '/groups', status: 201 },
  cli: { verb: 'groups create', positionals: ['name'] },
})

export const updateGroup = defineOperation({
  name: 'groups.update',
  summary: 'Change the name or the description of a group',
  input: z.strictObject({ groupId, name: groupName.optional(), description: groupDescription.optional() }),
  output: group,
  problems: ['group.not_found', 'group.name_taken'],
  choices: [{ of: ['name', 'description'], given: 'at least one' }],
  permission: 'members:write',
  effect: 'write',
  idempotent: true,
  audit: 'group.updated',
  http: { method: 'PATCH', path: '/groups/{groupId}' },
  cli: { verb: 'groups update', positionals: ['groupId'] },
})

export const deleteGroup = defineOperation({
  name: 'groups.delete',
  summary: 'Delete a group',
  description: 'Its members stay members of the organization.',
  input: z.strictObject({ groupId }),
  output: group,
  problems: ['group.not_found'],
  permission: 'members:write',
  effect: 'write',
  idempotent: false,
  audit: 'group.deleted',
  http: { method: 'DELETE', path: '/groups/{groupId}' },
  cli: { verb: 'groups delete', positionals: ['groupId'] },
})

export const listGroupMembers = defineOperation({
  name: 'groups.members',
  summary: 'List the members of a group',
  input: z.strictObject({ groupId, ...pageInput }),
  output: page(groupMember),
  problems: ['group.not_found'],
  permission: 'members:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/groups/{groupId}/members' },
  cli: { verb: 'groups members', positionals: ['groupId'] },
  rows: 'items',
})

export const addGroupMember = defineOperation({
  name: 'groups.addMember',
  summary: 'Add a member to a group',
  input: z.strictObject({ groupId, member: groupActorId }),
  output: group,
  problems: ['group.not_found', 'member.not_found'],
  permission: 'members:write',
  effect: 'write',
  idempotent: true,
  audit: 'group.member_added',
  http: { method: 'PUT', path: '/groups/{groupId}/members/{member}' },
  cli: { verb: 'groups add-member', positionals: ['groupId', 'member'] },
})

export const removeGroupMember = defineOperation({
  name: 'groups.removeMember',
  summary: 'Remove a member from a group',
  input: z.strictObject({ groupId, member: groupActorId }),
  output: group,
  problems: ['group.not_found'],
  permission: 'members:write',
  effect: 'write',
  idempotent: true,
  audit: 'group.member_removed',
  http: { method: 'DELETE', path: '/groups/{groupId}/members/{member}' },
  cli: { verb: 'groups remove-member', positionals: ['groupId', 'member'] },
})
