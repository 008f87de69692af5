import type { Json } from '@orrery/contract'
import type { CompanionRow, OrgId } from '@orrery/engine'
import type { Actor } from '../context/identity.ts'

/** One thing that was changed, by whom, and through which request. */
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
  /** SHA-256 of the input in canonical form, hexadecimal: the log proves what was asked without holding it. */
  readonly inputDigest: string
  readonly detail: Json | null
  readonly requestId: string
}

const COLUMNS = ['org_id', 'id', 'at', 'actor_type', 'actor', 'action', 'subject', 'input_digest', 'detail', 'request_id'] as const

/** In the order of COLUMNS, as text. */
export function auditValues(entry: AuditEntry): (string | null)[] {
  return [
    entry.org,
    entry.id,
    new Date(entry.at).toISOString(),
    entry.actor.type,
    entry.actor.id,
    entry.action,
    entry.subject,
    entry.inputDigest,
    entry.detail === null ? null : JSON.stringify(entry.detail),
    entry.requestId,
  ]
}

const TYPES = ['uuid', 'uuid', 'timestamptz', 'text', 'text', 'text', 'text', 'text', 'json', 'text'] as const

/** Inserts many entries at once: one array a column. */
const INSERT_AUDIT = `insert into app.audit_entry (${COLUMNS.join(', ')})
select * from unnest(${TYPES.map((type, at) => `$${at + 1}::${type}[]`).join(', ')})`

/** The table as the engine's store must know it, so that an entry can commit with a start. */
export const auditCompanion = { table: 'audit_entry', text: INSERT_AUDIT, columns: COLUMNS.length } as const

export function toCompanion(entry: AuditEntry): CompanionRow {
  return { table: auditCompanion.table, values: auditValues(entry) }
}
