import type { CompanionRow } from '@orrery/engine'
import { AUDIT_COLUMNS, type AuditEntry, auditValues } from './audit-entry.ts'
import { INSERT_ENTRIES } from './audit-store.ts'

/** Describes the table to the engine's store, so that an audit entry can commit together with the start of a run. */
export const auditCompanion = { table: 'audit_entry', text: INSERT_ENTRIES, columns: AUDIT_COLUMNS.length } as const

export function toCompanion(entry: AuditEntry): CompanionRow {
  return { table: auditCompanion.table, values: auditValues(entry) }
}
