import type { AutomationRow, StoredRequest } from './automation-row.ts'
import type { FiringRow } from './firing-store.ts'
import { type FiringCause, firingId } from './planning/firing-id.ts'
import type { Skip } from './planning/skip-span.ts'

/** The facts of a firing before it is decided. */
export interface FiringDraft {
  readonly automation: Pick<AutomationRow, 'automation_id' | 'version'>
  /** Null: an operation or a tool requested the run. */
  readonly trigger: { readonly id: string; readonly key: string } | null
  readonly cause: FiringCause
  readonly nominalMs: number
  readonly firesAtMs: number | null
  readonly request: StoredRequest | null
}

/** The row of a firing that is not decided yet. */
export function toFiringRow({ automation, trigger, cause, nominalMs, firesAtMs, request }: FiringDraft, nowMs: number): FiringRow {
  const isEmpty = request === null || Object.values(request).every((value) => value === undefined)
  return {
    automation_id: automation.automation_id,
    firing_id: firingId(automation.automation_id, trigger?.id ?? '', cause),
    trigger_key: trigger?.key ?? null,
    cause: cause.kind,
    version: automation.version,
    nominal_at: new Date(nominalMs),
    fires_at: firesAtMs === null ? null : new Date(firesAtMs),
    decided_at: new Date(nowMs),
    outcome: 'scheduled',
    reason: null,
    count: 1,
    run_id: null,
    is_running: false,
    request: isEmpty ? null : request,
  }
}

/** One row for several skipped occurrences of a schedule. Its id is that of the first. */
export function toSkipRow(
  automation: FiringDraft['automation'],
  trigger: { readonly id: string; readonly key: string },
  skip: Skip,
  nowMs: number,
): FiringRow {
  const cause = { kind: 'schedule', nominalMs: skip.fromMs } as const
  const row = toFiringRow({ automation, trigger, cause, nominalMs: skip.fromMs, firesAtMs: null, request: null }, nowMs)
  return { ...row, outcome: 'skipped', reason: skip.reason, count: skip.count }
}
