import { decodeId, type Json, type Run, type RunSummary } from '@orrery/contract'

/** A run as Ordinaut's API shows it, and how it stands in our words. */
export interface TaskRun {
  readonly id: string
  readonly task_id: string | null
  readonly lease_owner: null
  readonly leased_until: null
  readonly started_at: string | null
  readonly finished_at: string | null
  readonly success: boolean | null
  readonly error: string | null
  readonly attempt: number
  readonly output: Json
  readonly created_at: string
  readonly status: RunSummary['status']
}

/** The automation that a run is of: the runs of one carry its id as a tag. Null: it was started by itself. */
export function automationOf(run: Pick<RunSummary, 'tags'>): string | null {
  return run.tags.find((tag) => decodeId('aut', tag) !== null) ?? null
}

/** Null while it is on its way. */
export function successOf({ finishedAt, status }: Pick<RunSummary, 'finishedAt' | 'status'>): boolean | null {
  return finishedAt === null ? null : status === 'succeeded'
}

export function runToTaskRun(run: Run): TaskRun {
  return {
    id: decodeId('run', run.id) ?? '',
    task_id: decodeId('aut', automationOf(run) ?? ''),
    // Leases are not a thing of ours that anybody could rely on.
    lease_owner: null,
    leased_until: null,
    started_at: run.status === 'queued' ? null : run.createdAt,
    finished_at: run.finishedAt,
    success: successOf(run),
    error: run.error?.message ?? (run.status === 'succeeded' ? null : run.reason),
    attempt: run.origin?.kind === 'retry' ? 2 : 1,
    output: asObject(run.output),
    created_at: run.createdAt,
    status: run.status,
  }
}

/** Outputs were objects there. */
function asObject(output: Json | null): Json {
  return output === null || (typeof output === 'object' && !Array.isArray(output)) ? output : { result: output }
}
