import type { Transaction } from '../database/database.ts'
import type { AuditEntry } from './audit-entry.ts'
import { insertEntries } from './audit-store.ts'

/** Writes audit entries in the transaction that makes the changes. */
export async function recordAudit(tx: Transaction, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length > 0) await insertEntries(tx, entries)
}
