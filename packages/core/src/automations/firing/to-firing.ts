import { encodeId, type OutputOf, runStatus } from '@orrery/contract'
import { orNull, toRunId } from '@orrery/kernel'
import type { FiringRow } from '../firing-store.ts'

/** A firing in the form that the API returns. */
export function toFiring(row: FiringRow & { readonly run_status: string | null }): OutputOf<'automations.firings'>['items'][number] {
  return {
    id: encodeId('fir', row.firing_id),
    automationId: encodeId('aut', row.automation_id),
    triggerKey: row.trigger_key,
    cause: row.cause,
    version: row.version,
    nominalAt: row.nominal_at.toISOString(),
    firesAt: row.fires_at?.toISOString() ?? null,
    decidedAt: row.decided_at.toISOString(),
    outcome: row.outcome,
    reason: row.reason,
    count: row.count,
    runId: orNull(row.run_id, toRunId),
    runStatus: row.run_status === null ? null : runStatus.parse(row.run_status),
  }
}
