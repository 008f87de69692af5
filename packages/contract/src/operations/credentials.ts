import { z } from 'zod'
import { agentId, credentialId } from '../ids.ts'
import { credential, newCredential } from '../nouns/agent.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { text, timestamp } from '../scalars.ts'

export const createCredential = defineOperation({
  name: 'credentials.create',
  summary: 'Create a credential of an agent',
  description:
    'The answer shows its secret, only this once. The agent exchanges the secret for tokens at `/auth/token`. It may have several at a time, ' +
    'so that one can replace another. You need each scope of the agent yourself.',
  input: z.strictObject({ agentId, name: text(128), expiresAt: timestamp.optional() }),
  output: newCredential,
  problems: ['agent.not_found', 'agent.scope_too_wide'],
  permission: 'agents:write',
  effect: 'write',
  idempotent: false,
  audit: 'credential.created',
  proof: 'recent',
  http: { method: 'POST', path: '/agents/{agentId}/credentials', status: 201 },
  cli: { verb: 'credentials create', positionals: ['agentId', 'name'] },
  secrets: ['secret'],
})

export const listCredentials = defineOperation({
  name: 'credentials.list',
  summary: 'List the credentials of an agent',
  description: 'Newest first, including revoked and expired ones. The secrets are never shown.',
  input: z.strictObject({ agentId, ...pageInput }),
  output: page(credential),
  problems: ['agent.not_found'],
  permission: 'agents:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/agents/{agentId}/credentials' },
  cli: { verb: 'credentials list', positionals: ['agentId'] },
  rows: 'items',
})

export const revokeCredential = defineOperation({
  name: 'credentials.revoke',
  summary: 'Revoke a credential of an agent',
  description: 'It and the tokens it was exchanged for stop working within five seconds in every process. It stays in the list.',
  input: z.strictObject({ agentId, credentialId }),
  output: credential,
  problems: ['credential.not_found'],
  permission: 'agents:write',
  effect: 'write',
  idempotent: true,
  audit: 'credential.revoked',
  http: { method: 'DELETE', path: '/agents/{agentId}/credentials/{credentialId}' },
  cli: { verb: 'credentials revoke', positionals: ['agentId', 'credentialId'] },
})
