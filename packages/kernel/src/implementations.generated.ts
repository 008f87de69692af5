// Written by tools/generate.ts. Do not edit.
// biome-ignore-all assist/source/organizeImports: the order is the generator’s.

import { createCredential } from './access/create-credential.ts'
import { createKey } from './access/create-key.ts'
import { createOrg } from './access/create-org.ts'
import { describeCaller } from './access/describe-caller.ts'
import { getOrgRules } from './access/get-org-rules.ts'
import { getOrg } from './access/get-org.ts'
import { issueToken } from './access/issue-token.ts'
import { listCredentials } from './access/list-credentials.ts'
import { listKeys } from './access/list-keys.ts'
import { listOrgs } from './access/list-orgs.ts'
import { refreshToken } from './access/refresh-token.ts'
import { revokeCredential } from './access/revoke-credential.ts'
import { revokeKey } from './access/revoke-key.ts'
import { revokeToken } from './access/revoke-token.ts'
import { setOrgRules } from './access/set-org-rules.ts'
import { createAgent } from './agents/create-agent.ts'
import { deleteAgent } from './agents/delete-agent.ts'
import { getAgent } from './agents/get-agent.ts'
import { listAgents } from './agents/list-agents.ts'
import { updateAgent } from './agents/update-agent.ts'
import { listAuditEntries } from './audit/list-audit-entries.ts'
import { verifyAudit } from './audit/verify-audit.ts'
import { listConsents } from './consents/list-consents.ts'
import { withdrawConsent } from './consents/withdraw-consent.ts'
import type { Implementations } from './context/implementation.ts'
import { emitTopic } from './events/emit-topic.ts'
import { listEvents } from './events/list-events.ts'
import { addGroupMember } from './groups/add-group-member.ts'
import { createGroup } from './groups/create-group.ts'
import { deleteGroup } from './groups/delete-group.ts'
import { getGroup } from './groups/get-group.ts'
import { listGroupMembers } from './groups/list-group-members.ts'
import { listGroups } from './groups/list-groups.ts'
import { removeGroupMember } from './groups/remove-group-member.ts'
import { updateGroup } from './groups/update-group.ts'
import { createInvitation } from './invitations/create-invitation.ts'
import { listInvitations } from './invitations/list-invitations.ts'
import { resendInvitation } from './invitations/resend-invitation.ts'
import { revokeInvitation } from './invitations/revoke-invitation.ts'
import { endAllDevices } from './logins/end-all-devices.ts'
import { endDevice } from './logins/end-device.ts'
import { getProfile } from './logins/get-profile.ts'
import { listDevices } from './logins/list-devices.ts'
import { listOrgsOfPerson } from './logins/list-orgs-of-person.ts'
import { switchOrg } from './logins/switch-org.ts'
import { updateProfile } from './logins/update-profile.ts'
import { getMember } from './members/get-member.ts'
import { listMembers } from './members/list-members.ts'
import { removeMember } from './members/remove-member.ts'
import { updateMember } from './members/update-member.ts'
import { deleteProfile } from './personal-data/delete-profile.ts'
import { eraseMember } from './personal-data/erase-member.ts'
import { exportMember } from './personal-data/export-member.ts'
import { exportProfile } from './personal-data/export-profile.ts'
import { getErasure } from './personal-data/get-erasure.ts'
import { listErasures } from './personal-data/list-erasures.ts'
import { startErasure } from './personal-data/start-erasure.ts'
import { getRetention } from './retention/get-retention.ts'
import { setRetention } from './retention/set-retention.ts'
import { deleteRole } from './roles/delete-role.ts'
import { getRole } from './roles/get-role.ts'
import { listRoles } from './roles/list-roles.ts'
import { putRole } from './roles/put-role.ts'

export const implementations = {
  'access.whoami': describeCaller,
  'agents.create': createAgent,
  'agents.delete': deleteAgent,
  'agents.get': getAgent,
  'agents.list': listAgents,
  'agents.update': updateAgent,
  'audit.list': listAuditEntries,
  'audit.verify': verifyAudit,
  'consents.list': listConsents,
  'consents.withdraw': withdrawConsent,
  'credentials.create': createCredential,
  'credentials.list': listCredentials,
  'credentials.revoke': revokeCredential,
  'devices.end': endDevice,
  'devices.endAll': endAllDevices,
  'devices.list': listDevices,
  'erasures.get': getErasure,
  'erasures.list': listErasures,
  'erasures.start': startErasure,
  'events.emit': emitTopic,
  'events.list': listEvents,
  'groups.addMember': addGroupMember,
  'groups.create': createGroup,
  'groups.delete': deleteGroup,
  'groups.get': getGroup,
  'groups.list': listGroups,
  'groups.members': listGroupMembers,
  'groups.removeMember': removeGroupMember,
  'groups.update': updateGroup,
  'invitations.create': createInvitation,
  'invitations.list': listInvitations,
  'invitations.resend': resendInvitation,
  'invitations.revoke': revokeInvitation,
  'keys.create': createKey,
  'keys.list': listKeys,
  'keys.revoke': revokeKey,
  'members.erase': eraseMember,
  'members.export': exportMember,
  'members.get': getMember,
  'members.list': listMembers,
  'members.remove': removeMember,
  'members.update': updateMember,
  'orgs.create': createOrg,
  'orgs.get': getOrg,
  'orgs.list': listOrgs,
  'orgs.rules': getOrgRules,
  'orgs.setRules': setOrgRules,
  'profile.delete': deleteProfile,
  'profile.export': exportProfile,
  'profile.get': getProfile,
  'profile.orgs': listOrgsOfPerson,
  'profile.switchOrg': switchOrg,
  'profile.update': updateProfile,
  'retention.get': getRetention,
  'retention.set': setRetention,
  'roles.delete': deleteRole,
  'roles.get': getRole,
  'roles.list': listRoles,
  'roles.put': putRole,
  'tokens.issue': issueToken,
  'tokens.refresh': refreshToken,
  'tokens.revoke': revokeToken,
} satisfies Partial<Implementations>
