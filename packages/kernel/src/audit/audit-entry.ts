import type { Json } from '@orrery/contract'
import type { OrgId } from '@orrery/engine'
import type { Actor } from '../context/identity.ts'

/** One change: who made it, and with which request. */
export interface AuditEntry {
  /** A UUID. */
  readonly org: OrgId
  /** A UUID v7. */
  readonly id: string
  /** ms since the epoch. */
  readonly at: number
  readonly actor: Actor
  readonly action: string
  readonly subject: string
  /** SHA-256 of the input in canonical form, in hexadecimal: it proves what the input was without storing it. */
  readonly inputDigest: string
  readonly detail: Json | null
  readonly requestId: string
}

export const AUDIT_COLUMNS = [
  'org_id',
  'id',
  'at',
  'actor_type',
  'actor',
  'action',
  'subject',
  'input_digest',
  'detail',
  'request_id',
] as const

/** The entry's values as text, in the order of AUDIT_COLUMNS. */
export function auditValues(entry: AuditEntry): (string | null)[] {
  return [
    entry.org,
    entry.id,
    new Date(entry.at).toISOString(),
    entry.actor.type === 'run' ? 'system' : entry.actor.type,
    entry.actor.id,
    entry.action,
    entry.subject,
    entry.inputDigest,
    entry.detail === null ? null : JSON.stringify(entry.detail),
    entry.requestId,
  ]
}
