import { z } from 'zod'
import { keyId, orgId } from '../ids.ts'
import { apiKey, caller, newApiKey, org, orgRules } from '../nouns/access.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { PERMISSIONS, permission, permissionSet } from '../permissions.ts'
import { name, text, timestamp } from '../scalars.ts'

export const createOrg = defineOperation({
  name: 'orgs.create',
  summary: 'Create an organization',
  description: 'Also creates its first API key, which may do everything inside it.',
  input: z.strictObject({ name }),
  output: org.extend({ keyId, secret: newApiKey.shape.secret }),
  problems: ['org.name_taken'],
  permission: 'orgs:admin',
  effect: 'write',
  idempotent: false,
  audit: 'org.created',
  proof: 'recent',
  http: { method: 'POST', path: '/orgs', status: 201 },
  cli: { verb: 'orgs create', positionals: ['name'] },
  secrets: ['secret'],
})

export const listOrgs = defineOperation({
  name: 'orgs.list',
  summary: 'List all organizations of the installation',
  input: z.strictObject(pageInput),
  output: page(org),
  problems: [],
  permission: 'orgs:admin',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/orgs' },
  cli: { verb: 'orgs list' },
  rows: 'items',
})

export const getOrg = defineOperation({
  name: 'orgs.get',
  summary: 'Show an organization',
  description: 'Your own organization, as `current` or by its id.',
  input: z.strictObject({ orgId: z.union([orgId, z.literal('current')]) }),
  output: org,
  problems: ['org.not_found'],
  permission: 'orgs:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/orgs/{orgId}' },
  cli: { verb: 'orgs get', positionals: ['orgId'] },
})

export const getOrgRules = defineOperation({
  name: 'orgs.rules',
  summary: 'Show the rules for the members of your organization',
  input: z.strictObject({}),
  output: orgRules,
  problems: [],
  permission: 'roles:write',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/org-rules' },
  cli: { verb: 'orgs rules' },
})

export const setOrgRules = defineOperation({
  name: 'orgs.setRules',
  summary: 'Set the rules for the members of your organization',
  description:
    'Members that break a rule can do nothing in this organization within five seconds, in every process; API keys are not concerned. A rule ' +
    'that you do not name stays as it is. You cannot set a rule that your own login breaks.',
  input: z.strictObject({
    passkeyRequired: orgRules.shape.passkeyRequired.optional(),
    mailDomains: orgRules.shape.mailDomains.optional(),
  }),
  output: orgRules,
  problems: ['org.rule_locks_out'],
  choices: [{ of: ['passkeyRequired', 'mailDomains'], given: 'at least one' }],
  permission: 'roles:write',
  effect: 'write',
  idempotent: true,
  audit: 'org.rules_changed',
  proof: 'recent',
  http: { method: 'PUT', path: '/org-rules' },
  cli: { verb: 'orgs set-rules' },
})

export const describeCaller = defineOperation({
  name: 'access.whoami',
  summary: 'Show who you are and what you may do',
  description: 'Works with every key, token and login. A person who is a member of several organizations sees them all.',
  input: z.strictObject({}),
  output: caller,
  problems: [],
  permission: 'any',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/whoami' },
  mcp: { tool: 'whoami' },
  cli: { verb: 'whoami' },
})

export const createKey = defineOperation({
  name: 'keys.create',
  summary: 'Create an API key',
  description: 'The answer shows the key, only this once. The new key cannot have a scope that the key you use lacks.',
  input: z.strictObject({
    name: text(128),
    scopes: z
      .array(permission)
      .min(1)
      .max(PERMISSIONS.length)
      .optional()
      .meta({ description: 'The scopes of the key. Set either this or `set`.' }),
    set: permissionSet.optional().meta({ description: 'A named set of scopes.' }),
    expiresAt: timestamp.optional(),
  }),
  output: newApiKey,
  problems: ['key.scope_too_wide'],
  choices: [{ of: ['scopes', 'set'], given: 'one' }],
  permission: 'keys:write',
  effect: 'write',
  idempotent: false,
  audit: 'key.created',
  proof: 'recent',
  http: { method: 'POST', path: '/keys', status: 201 },
  cli: { verb: 'keys create', positionals: ['name'] },
  secrets: ['secret'],
})

export const listKeys = defineOperation({
  name: 'keys.list',
  summary: 'List API keys',
  description: 'Newest first, including revoked and expired keys. The secrets are never shown.',
  input: z.strictObject(pageInput),
  output: page(apiKey),
  problems: [],
  permission: 'keys:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/keys' },
  cli: { verb: 'keys list' },
  rows: 'items',
})

export const revokeKey = defineOperation({
  name: 'keys.revoke',
  summary: 'Revoke an API key',
  description: 'The key stops working within five seconds in every process. It stays in the list.',
  input: z.strictObject({ keyId }),
  output: apiKey,
  problems: ['key.not_found'],
  permission: 'keys:write',
  effect: 'write',
  idempotent: true,
  audit: 'key.revoked',
  http: { method: 'DELETE', path: '/keys/{keyId}' },
  cli: { verb: 'keys revoke', positionals: ['keyId'] },
})
