import { z } from 'zod'
import { runId } from '../ids.ts'
import { defineOperation } from '../operation.ts'
import { json, sha256, text } from '../scalars.ts'

const accepted = z.object({ runId, accepted: z.literal(true) })
const newRun = z.object({ runId: runId.meta({ description: 'Id of the new run.' }), sourceRunId: runId })

const version = sha256.optional().meta({ description: 'Hash of the bundle to continue with. Default: the current one of the run.' })

const edits = z
  .array(z.strictObject({ cmd: z.number().int().min(1).max(2_147_483_647), output: json }))
  .max(100)
  .default([])
  .meta({ description: 'Replacements for results of steps, by the `cmd` of their rows in the history.' })

export const cancelRun = defineOperation({
  name: 'runs.cancel',
  summary: 'Cancel a run',
  description: 'Asks the workflow to stop; its cleanup code runs. With `terminate`, it ends at once, without cleanup.',
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
  description: 'The run stops after the steps in progress. In the meantime, signals are kept and timers continue.',
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
  description: 'A blocked run can be moved to another version of its workflow, to continue it with repaired code.',
  input: z.strictObject({ runId, version }),
  output: accepted,
  problems: ['run.not_found', 'run.finished', 'workflow.version_not_found'],
  permission: 'runs:write',
  grants: true,
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
    'Creates a new run that keeps everything recorded before the failure, with the same idempotency keys for its steps. The old run is not changed.',
  input: z.strictObject({ runId, edits, version }),
  output: newRun,
  problems: ['run.not_found', 'run.not_finished', 'run.not_retryable', 'run.step_not_found', 'workflow.version_not_found'],
  permission: 'runs:write',
  grants: true,
  effect: 'write',
  idempotent: false,
  audit: 'run.retried',
  http: { method: 'POST', path: '/runs/{runId}/retry', status: 201 },
  mcp: { tool: 'run_retry' },
  cli: { verb: 'runs retry', positionals: ['runId'] },
})

export const forkRun = defineOperation({
  name: 'runs.fork',
  summary: 'Fork a run from a position in its history',
  description: 'Creates a new run that copies the history before row `fromSeq` and continues from there, with its own idempotency keys.',
  input: z.strictObject({ runId, fromSeq: z.number().int().min(1).max(2_147_483_647), edits, version }),
  output: newRun,
  problems: ['run.not_found', 'run.step_not_found', 'workflow.version_not_found'],
  permission: 'runs:write',
  grants: true,
  effect: 'write',
  idempotent: false,
  audit: 'run.forked',
  http: { method: 'POST', path: '/runs/{runId}/fork', status: 201 },
  cli: { verb: 'runs fork', positionals: ['runId', 'fromSeq'] },
})

export const editStep = defineOperation({
  name: 'runs.editStep',
  summary: 'Set or skip the result of a failed step',
  description:
    'Creates a new run that continues as if the step had returned `output`, or null with `skip`. The audit log ' +
    'records the actor and the value.',
  input: z.strictObject({
    runId,
    cmd: z.number().int().min(1).max(2_147_483_647).meta({ description: 'The `cmd` of the step’s row in the history.' }),
    output: json.optional(),
    skip: z.boolean().default(false).meta({ description: 'Continue with null as the result. Not together with `output`.' }),
    version,
  }),
  output: newRun,
  problems: ['run.not_found', 'run.not_finished', 'run.not_retryable', 'run.step_not_found', 'workflow.version_not_found'],
  choices: [{ of: ['output', 'skip'], given: 'one' }],
  permission: 'runs:write',
  grants: true,
  effect: 'write',
  idempotent: false,
  audit: 'run.step_edited',
  http: { method: 'POST', path: '/runs/{runId}/steps/{cmd}', status: 201 },
  cli: { verb: 'runs edit-step', positionals: ['runId', 'cmd'] },
})
