import { z } from 'zod'
import { invitationId } from '../ids.ts'
import { invitation } from '../nouns/invitation.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { roleName } from '../permissions.ts'
import { email, text } from '../scalars.ts'

export const createInvitation = defineOperation({
  name: 'invitations.create',
  summary: 'Invite a person to the organization',
  description: 'The person gets a mail with a link that is good for seven days. You need all permissions of the role.',
  input: z.strictObject({
    email,
    role: roleName,
    name: text(100).optional().meta({ description: 'The name of the person, who may change it.' }),
  }),
  output: invitation,
  problems: ['invitation.pending', 'mail_domain_refused', 'member.already', 'role.not_found', 'member.role_too_wide'],
  permission: 'members:write',
  effect: 'write',
  idempotent: false,
  audit: 'invitation.created',
  proof: 'recent',
  http: { method: 'POST', path: '/invitations' },
  cli: { verb: 'invitations create', positionals: ['email'] },
})

export const listInvitations = defineOperation({
  name: 'invitations.list',
  summary: 'List invitations to the organization',
  description: 'Newest first, including accepted, revoked and expired ones.',
  input: z.strictObject(pageInput),
  output: page(invitation),
  problems: [],
  permission: 'members:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/invitations' },
  cli: { verb: 'invitations list' },
  rows: 'items',
})

export const resendInvitation = defineOperation({
  name: 'invitations.resend',
  summary: 'Send an invitation again',
  description: 'With a new link that is good for seven days from now. The link of the earlier mail is no longer good.',
  input: z.strictObject({ invitationId }),
  output: invitation,
  problems: ['invitation.not_found', 'invitation.closed', 'role.not_found', 'member.role_too_wide'],
  permission: 'members:write',
  effect: 'write',
  idempotent: false,
  audit: 'invitation.resent',
  http: { method: 'POST', path: '/invitations/{invitationId}/resend' },
  cli: { verb: 'invitations resend', positionals: ['invitationId'] },
})

export const revokeInvitation = defineOperation({
  name: 'invitations.revoke',
  summary: 'Revoke an invitation',
  description: 'Its link is no longer good. It stays in the list.',
  input: z.strictObject({ invitationId }),
  output: invitation,
  problems: ['invitation.not_found', 'invitation.closed', 'role.not_found', 'member.role_too_wide'],
  permission: 'members:write',
  effect: 'write',
  idempotent: true,
  audit: 'invitation.revoked',
  http: { method: 'DELETE', path: '/invitations/{invitationId}' },
  cli: { verb: 'invitations revoke', positionals: ['invitationId'] },
})
