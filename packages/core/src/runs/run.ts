/** A run in the form that the API returns. Pure. */
import { encodeId, failure, priority, type Run, type RunSummary, runLog, runOrigin, runStatus, type why } from '@orrery/contract'
import type { Wait } from '@orrery/engine'
import { orNull, toRunId } from '@orrery/kernel'
import type { z } from 'zod'
import { TOOL_STEP } from '../pipelines/interpreter/pipeline-input.ts'
import type { HistoryRow, RunRow } from './run-store.ts'

export function toSummary(row: RunRow): RunSummary {
  return {
    id: encodeId('run', row.run_id),
    workflow: row.workflow,
    automation: row.automation,
    pipeline: row.pipeline,
    version: row.bundle,
    status: runStatus.parse(row.status),
    queue: row.queue,
    priority: priority.parse(row.priority),
    tags: row.tags,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    deadline: row.deadline?.toISOString() ?? null,
    parentRunId: orNull(row.parent_run, toRunId),
    origin: toOrigin(row),
  }
}

function toOrigin(row: RunRow): RunSummary['origin'] {
  if (row.origin_kind === null || row.origin_run === null || row.origin_seq === null) return null
  return { kind: runOrigin.shape.kind.parse(row.origin_kind), runId: toRunId(row.origin_run), seq: row.origin_seq }
}

/** Of a row about a call of a tool in a pipeline: the id of the step that called it. */
export function toPipelineStep({ name, input }: Pick<HistoryRow, 'name' | 'input'>): string | null {
  if (name !== TOOL_STEP || typeof input !== 'object' || input === null || Array.isArray(input)) return null
  return typeof input.step === 'string' ? input.step : null
}

export function toFailure(error: unknown): Run['error'] {
  return error === null || error === undefined ? null : failure.parse(error)
}

export function toLevel(level: string): z.infer<typeof runLog>['level'] {
  return runLog.shape.level.parse(level)
}

export function toWait(wait: Wait): z.infer<typeof why>['waits'][number] {
  const iso = (at: number) => new Date(at).toISOString()
  switch (wait.type) {
    case 'timer':
      return { type: 'timer', until: iso(wait.until) }
    case 'signal':
      return { type: 'signal', name: wait.name, until: wait.until === null ? null : iso(wait.until) }
    case 'child':
      return { type: 'child', runId: toRunId(wait.run), workflow: wait.workflow }
    case 'retry':
      return { type: 'retry', step: wait.step, attempt: wait.attempt, until: iso(wait.until) }
  }
}
