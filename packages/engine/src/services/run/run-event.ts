import type { EventRow } from '../../store/store.ts'
import type { Json } from '../../workflow/protocol.ts'
import type { ActiveRun } from './active-run.ts'

/** An event about a run, for the outbox. */
export function runEvent(run: ActiveRun, type: string, data: { [key: string]: Json }, at: number): EventRow {
  return { org: run.row.org, type, subject: run.id, data: JSON.stringify({ workflow: run.row.workflow, ...data }), at }
}
