import { z } from 'zod'
import { auditEntry, auditVerdict } from '../nouns/audit.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { text, timestamp } from '../scalars.ts'

export const listAuditEntries = defineOperation({
  name: 'audit.list',
  summary: 'List audit entries',
  description: 'Who changed what and when, newest first.',
  input: z.strictObject({
    action: text(128).optional(),
    subject: text(600).optional(),
    since: timestamp.optional(),
    until: timestamp.optional(),
    ...pageInput,
  }),
  output: page(auditEntry),
  problems: [],
  permission: 'audit:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/audit' },
  mcp: { tool: 'audit_list' },
  cli: { verb: 'audit list' },
  rows: 'items',
})

export const verifyAudit = defineOperation({
  name: 'audit.verify',
  summary: 'Verify the audit log',
  description: 'Recomputes the hash chain and checks the signed checkpoints. Detects changes to entries after they were sealed.',
  input: z.strictObject({}),
  output: auditVerdict,
  problems: [],
  permission: 'audit:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/audit/verify' },
  cli: { verb: 'audit verify' },
})
