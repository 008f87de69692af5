import { decodeId, type Json, type Run, type RunSummary } from '@orrery/contract'

/** A run in Ordinaut's format, with our own `status` added. */
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

/** The id of the run's automation, which its runs carry as a tag. Null if no automation started the run. */
export function automationOf(run: Pick<RunSummary, 'tags'>): string | null {
  return run.tags.find((tag) => decodeId('aut', tag) !== null) ?? null
}

/** Null while the run is not finished. */
export function successOf({ finishedAt, status }: Pick<RunSummary, 'finishedAt' | 'status'>): boolean | null {
  return finishedAt === null ? null : status === 'succeeded'
}

export function runToTaskRun(run: Run): TaskRun {
  return {
    id: decodeId('run', run.id) ?? '',
    task_id: decodeId('aut', automationOf(run) ?? ''),
    // Orrery's leases are internal and not shown.
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

/** Ordinaut's outputs are objects. */
function asObject(output: Json | null): Json {
  return output === null || (typeof output === 'object' && !Array.isArray(output)) ? output : { result: output }
}
