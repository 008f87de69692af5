import type { CompanionRow } from '@orrery/engine'
import { AUDIT_COLUMNS, type AuditEntry, auditValues } from './audit-entry.ts'
import { INSERT_ENTRIES } from './audit-store.ts'

/** The table as the engine's store must know it, so that an entry can commit with a start. */
export const auditCompanion = { table: 'audit_entry', text: INSERT_ENTRIES, columns: AUDIT_COLUMNS.length } as const

export function toCompanion(entry: AuditEntry): CompanionRow {
  return { table: auditCompanion.table, values: auditValues(entry) }
}
