import { z } from 'zod'
import { duration } from '../duration.ts'
import { runId } from '../ids.ts'
import { historyEntry, run, runLog, runResult, runStatus, runSummary, why } from '../nouns/run.ts'
import { started, startOutcome, startRequest } from '../nouns/start.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'
import { json, name, tag, text, timestamp } from '../scalars.ts'

const oneRun = z.strictObject({ runId })

export const startRun = defineOperation({
  name: 'runs.start',
  summary: 'Start a run of a workflow',
  description:
    'Answers once the run is durable: from then on it survives the crash of any process. Follow it ' +
    'with runs.get, runs.result or the event stream.',
  input: startRequest,
  output: started,
  problems: ['workflow.not_found', 'workflow.version_not_found', 'workflow.name_reserved'],
  choices: [{ of: ['at', 'delay'], given: 'at most one' }],
  permission: 'runs:write',
  effect: 'write',
  idempotent: false,
  audit: 'run.started',
  execution: 'group commit',
  http: { method: 'POST', path: '/runs', status: 201 },
  mcp: { tool: 'run_start' },
  cli: { verb: 'runs start', positionals: ['workflow'] },
})

export const startRuns = defineOperation({
  name: 'runs.startMany',
  summary: 'Start up to 1000 runs',
  description: 'Each item either starts a run or has its own problem; the results are in the order of the items.',
  input: z.strictObject({ items: z.array(startRequest).min(1).max(1000) }),
  output: z.object({ items: z.array(startOutcome) }),
  problems: [],
  permission: 'runs:write',
  effect: 'write',
  idempotent: false,
  audit: 'run.started',
  execution: 'group commit',
  http: { method: 'POST', path: '/runs/batch', status: 201 },
  rows: 'items',
})

export const listRuns = defineOperation({
  name: 'runs.list',
  summary: 'List runs',
  description: 'Newest first, without inputs and outputs. A run must match all filters.',
  input: z.strictObject({
    workflow: name.optional(),
    status: runStatus.optional(),
    tag: tag.optional(),
    since: timestamp.optional().meta({ description: 'Runs created at or after this time.' }),
    until: timestamp.optional().meta({ description: 'Runs created before this time.' }),
    parentRunId: runId.optional().meta({ description: 'Children of this run.' }),
    ...pageInput,
  }),
  output: page(runSummary),
  problems: [],
  permission: 'runs:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/runs' },
  mcp: { tool: 'run_list' },
  cli: { verb: 'runs list' },
  rows: 'items',
})

export const getRun = defineOperation({
  name: 'runs.get',
  summary: 'Show one run',
  description: 'With its input and, once it has finished, its output or error.',
  input: oneRun,
  output: run,
  problems: ['run.not_found'],
  permission: 'runs:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/runs/{runId}' },
  mcp: { tool: 'run_get' },
  cli: { verb: 'runs get', positionals: ['runId'] },
})

export const getRunHistory = defineOperation({
  name: 'runs.history',
  summary: 'Show the history of a run',
  description: 'Every recorded step, sleep, signal, child and failed attempt, in the order in which the workflow saw them.',
  input: z.strictObject({ runId, ...pageInput }),
  output: page(historyEntry),
  problems: ['run.not_found'],
  permission: 'runs:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/runs/{runId}/history' },
  mcp: { tool: 'run_history' },
  cli: { verb: 'runs history', positionals: ['runId'] },
  rows: 'items',
})

export const listRunLogs = defineOperation({
  name: 'runs.logs',
  summary: 'Show the log of a run',
  description: 'Lines that the workflow and its steps wrote, oldest first.',
  input: z.strictObject({ runId, ...pageInput }),
  output: page(runLog),
  problems: ['run.not_found'],
  permission: 'runs:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/runs/{runId}/logs' },
  cli: { verb: 'runs logs', positionals: ['runId'] },
  rows: 'items',
})

export const getRunResult = defineOperation({
  name: 'runs.result',
  summary: 'Wait for the result of a run',
  description:
    'Answers as soon as the run has finished, or with `done: false` when the timeout (at most 60 s) passes first; in that case, call it again.',
  input: z.strictObject({ runId, timeout: duration.default('30s') }),
  output: runResult,
  problems: ['run.not_found'],
  permission: 'runs:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/runs/{runId}/result' },
  mcp: { tool: 'run_result' },
  cli: { verb: 'runs result', positionals: ['runId'] },
})

export const signalRun = defineOperation({
  name: 'runs.signal',
  summary: 'Send a signal to a run',
  description: 'The signal is kept until the workflow waits for it, even if it arrives early.',
  input: z.strictObject({ runId, name: text(128), payload: json.default(null) }),
  output: z.object({
    runId,
    accepted: z.literal(true),
    isAwaited: z
      .boolean()
      .nullable()
      .meta({ description: 'False: the run waits, but not for this signal; `runs.why` shows for what. Null: the run is not waiting.' }),
  }),
  problems: ['run.not_found', 'run.finished'],
  permission: 'runs:write',
  effect: 'write',
  idempotent: false,
  audit: 'run.signalled',
  http: { method: 'POST', path: '/runs/{runId}/signals', status: 202 },
  mcp: { tool: 'run_signal' },
  cli: { verb: 'runs signal', positionals: ['runId', 'name'] },
})

export const queryRun = defineOperation({
  name: 'runs.query',
  summary: 'Query a run',
  description: 'Calls a query handler of the workflow in the state that the history of the run leads to. Works for finished runs, too.',
  input: z.strictObject({ runId, name: text(128), args: json.default(null) }),
  output: z.object({ runId, value: json }),
  problems: ['run.not_found', 'run.query_failed'],
  permission: 'runs:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'POST', path: '/runs/{runId}/queries' },
  mcp: { tool: 'run_query' },
  cli: { verb: 'runs query', positionals: ['runId', 'name'] },
})

export const whyRun = defineOperation({
  name: 'runs.why',
  summary: 'Explain why a run is not running',
  description:
    'Shows what a live run waits for: a timer, a signal, a child, a retry, a limit, a paused queue, a missing worker, or a pause.',
  input: oneRun,
  output: why,
  problems: ['run.not_found'],
  permission: 'runs:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/runs/{runId}/why' },
  mcp: { tool: 'run_why' },
  cli: { verb: 'why', positionals: ['runId'] },
})
