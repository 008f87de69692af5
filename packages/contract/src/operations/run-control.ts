import { z } from 'zod'
import { runId } from '../ids.ts'
import { defineOperation } from '../operation.ts'
import { json, sha256, text } from '../scalars.ts'

const accepted = z.object({ runId, accepted: z.literal(true) })
const newRun = z.object({ runId: runId.meta({ description: 'Id of the new run.' }), sourceRunId: runId })

const version = sha256.optional().meta({ description: 'Hash of the bundle to go on with; absent: the one it is on.' })

const edits = z
  .array(z.strictObject({ cmd: z.number().int().min(1).max(2_147_483_647), output: json }))
  .max(100)
  .default([])
  .meta({ description: 'Replace what steps gave, by the `cmd` of their rows in the history.' })

export const cancelRun = defineOperation({
  name: 'runs.cancel',
  summary: 'Cancel a run',
  description: 'Asks the workflow to stop; its cleanup code runs. With `terminate` it ends at once, without cleanup, if no worker has it.',
  input: z.strictObject({ runId, reason: text(1000).default('Cancelled by request'), terminate: z.boolean().default(false) }),
  output: accepted,
  problems: ['run.not_found', 'run.finished'],
  permission: 'runs:write',
  effect: 'write',
  idempotent: true,
  audit: 'run.cancel_requested',
  http: { method: 'POST', path: '/runs/{runId}/cancel', status: 202 },
  mcp: { tool: 'run_cancel', destructive: true },
  cli: { verb: 'runs cancel', positionals: ['runId'] },
})

export const pauseRun = defineOperation({
  name: 'runs.pause',
  summary: 'Pause a run',
  description: 'It stops after the steps in progress. Signals are kept and timers run on meanwhile.',
  input: z.strictObject({ runId }),
  output: accepted,
  problems: ['run.not_found', 'run.finished'],
  permission: 'runs:write',
  effect: 'write',
  idempotent: true,
  audit: 'run.paused',
  http: { method: 'POST', path: '/runs/{runId}/pause', status: 202 },
  mcp: { tool: 'run_pause' },
  cli: { verb: 'runs pause', positionals: ['runId'] },
})

export const resumeRun = defineOperation({
  name: 'runs.resume',
  summary: 'Resume a paused or blocked run',
  description: 'A blocked run can be moved to another version of its workflow, which is how one is carried on after a repair.',
  input: z.strictObject({ runId, version }),
  output: accepted,
  problems: ['run.not_found', 'run.finished', 'workflow.version_not_found'],
  permission: 'runs:write',
  effect: 'write',
  idempotent: true,
  audit: 'run.resumed',
  http: { method: 'POST', path: '/runs/{runId}/resume', status: 202 },
  mcp: { tool: 'run_resume' },
  cli: { verb: 'runs resume', positionals: ['runId'] },
})

export const retryRun = defineOperation({
  name: 'runs.retry',
  summary: 'Retry a finished run from its failed step',
  description:
    'A new run that keeps everything recorded before the failure, with the same idempotency keys of steps. The old run stays as it is.',
  input: z.strictObject({ runId, edits, version }),
  output: newRun,
  problems: ['run.not_found', 'run.not_finished', 'run.not_retryable', 'run.step_not_found', 'workflow.version_not_found'],
  permission: 'runs:write',
  effect: 'write',
  idempotent: false,
  audit: 'run.retried',
  http: { method: 'POST', path: '/runs/{runId}/retry', status: 201 },
  mcp: { tool: 'run_retry' },
  cli: { verb: 'runs retry', positionals: ['runId'] },
})

export const forkRun = defineOperation({
  name: 'runs.fork',
  summary: 'Fork a run from a place in its history',
  description: 'A new run that copies the history below row `fromSeq` and goes on from there, with idempotency keys of its own.',
  input: z.strictObject({ runId, fromSeq: z.number().int().min(1).max(2_147_483_647), edits, version }),
  output: newRun,
  problems: ['run.not_found', 'run.step_not_found', 'workflow.version_not_found'],
  permission: 'runs:write',
  effect: 'write',
  idempotent: false,
  audit: 'run.forked',
  http: { method: 'POST', path: '/runs/{runId}/fork', status: 201 },
  cli: { verb: 'runs fork', positionals: ['runId', 'fromSeq'] },
})

export const editStep = defineOperation({
  name: 'runs.editStep',
  summary: 'Give or skip the outcome of a failed step',
  description:
    'Makes a new run that goes on as if the step had given `output`; with `skip` it gave null. Who did ' +
    'it and what he put in is in the audit log.',
  input: z.strictObject({
    runId,
    cmd: z.number().int().min(1).max(2_147_483_647).meta({ description: 'The `cmd` of the step’s row in the history.' }),
    output: json.optional(),
    skip: z.boolean().default(false).meta({ description: 'Go on without an outcome (null). Not together with `output`.' }),
    version,
  }),
  output: newRun,
  problems: ['run.not_found', 'run.not_finished', 'run.not_retryable', 'run.step_not_found', 'workflow.version_not_found'],
  permission: 'runs:write',
  effect: 'write',
  idempotent: false,
  audit: 'run.step_edited',
  http: { method: 'POST', path: '/runs/{runId}/steps/{cmd}', status: 201 },
  cli: { verb: 'runs edit-step', positionals: ['runId', 'cmd'] },
})
