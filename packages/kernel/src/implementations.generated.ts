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
import { listConsents } from './consents/list-consents.ts'
import { withdrawConsent } from './consents/withdraw-consent.ts'
import type { Implementations } from './context/implementation.ts'
import { emitTopic } from './events/emit-topic.ts'
import { listEvents } from './events/list-events.ts'
import { getMember } from './members/get-member.ts'
import { listMembers } from './members/list-members.ts'
import { removeMember } from './members/remove-member.ts'
import { updateMember } from './members/update-member.ts'

export const implementations = {
  'audit.list': listAuditEntries,
  'audit.verify': verifyAudit,
  'consents.list': listConsents,
  'consents.withdraw': withdrawConsent,
  'events.emit': emitTopic,
  'events.list': listEvents,
  'keys.create': createKey,
  'keys.list': listKeys,
  'keys.revoke': revokeKey,
  'members.get': getMember,
  'members.list': listMembers,
  'members.remove': removeMember,
  'members.update': updateMember,
  'orgs.create': createOrg,
  'orgs.get': getOrg,
  'orgs.list': listOrgs,
  'tokens.issue': issueToken,
  'tokens.refresh': refreshToken,
  'tokens.revoke': revokeToken,
} satisfies Partial<Implementations>
