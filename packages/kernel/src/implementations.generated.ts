// Written by tools/generate.ts. Do not edit.
// biome-ignore-all assist/source/organizeImports: the order is the generator’s.

import { createKey } from './access/create-key.ts'
import { createOrg } from './access/create-org.ts'
import { getOrg } from './access/get-org.ts'
import { issueToken } from './access/issue-token.ts'
import { listKeys } from './access/list-keys.ts'
import { listOrgs } from './access/list-orgs.ts'
import { refreshToken } from './access/refresh-token.ts'
import { revokeKey } from './access/revoke-key.ts'
import { revokeToken } from './access/revoke-token.ts'
import { listAuditEntries } from './audit/list-audit-entries.ts'
import { verifyAudit } from './audit/verify-audit.ts'
import type { Implementations } from './context/implementation.ts'
import { emitTopic } from './events/emit-topic.ts'
import { listEvents } from './events/list-events.ts'
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

export const implementations = {
  'audit.list': listAuditEntries,
  'audit.verify': verifyAudit,
  'erasures.get': getErasure,
  'erasures.list': listErasures,
  'erasures.start': startErasure,
  'events.emit': emitTopic,
  'events.list': listEvents,
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
  'profile.delete': deleteProfile,
  'profile.export': exportProfile,
  'retention.get': getRetention,
  'retention.set': setRetention,
  'tokens.issue': issueToken,
  'tokens.refresh': refreshToken,
  'tokens.revoke': revokeToken,
} satisfies Partial<Implementations>
