import type { EventRow, RunRow } from '../../store/store.ts'
import type { Json } from '../../workflow/protocol.ts'
import type { ActiveRun } from './active-run.ts'

/** What others are told of a run; consumers find it in the outbox. */
export function runEvent(run: ActiveRun, type: string, data: { [key: string]: Json }, at: number): EventRow {
  return { org: run.row.org, type, subject: run.id, data: JSON.stringify({ workflow: run.row.workflow, ...data }), at }
}

export function startedEvent(row: RunRow): EventRow {
  const data = JSON.stringify({ workflow: row.workflow, ...(row.parent ? { parent: row.parent.run } : {}) })
  return { org: row.org, type: 'run.started', subject: row.run, data, at: row.createdAt }
}
