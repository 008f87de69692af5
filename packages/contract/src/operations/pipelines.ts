import { z } from 'zod'
import { started } from '../nouns/start.ts'
import {
  pipelineDryRun,
  pipelineDryRunRequest,
  pipelineName,
  pipelineProblem,
  pipelineRunRequest,
  pipelineSummary,
  pipelineVersion,
  rawPipeline,
  savedPipeline,
  storedPipeline,
} from '../nouns/stored-pipeline.ts'
import { defineOperation } from '../operation.ts'
import { page, pageInput } from '../pagination.ts'

const onePipeline = z.strictObject({ pipeline: pipelineName })

export const putPipeline = defineOperation({
  name: 'pipelines.put',
  summary: 'Save a pipeline',
  description:
    'Creates it, or makes a new version of it. It is checked against the schemas of the tools it calls: what cannot work is refused with ' +
    'the step and the path. Runs that have begun keep the definition they began with.',
  input: z.strictObject({ pipeline: pipelineName, definition: rawPipeline }),
  output: savedPipeline,
  problems: ['pipeline.invalid'],
  permission: 'pipelines:write',
  effect: 'write',
  idempotent: true,
  audit: 'pipeline.saved',
  http: { method: 'PUT', path: '/pipelines/{pipeline}' },
  cli: { verb: 'pipelines put', positionals: ['pipeline'] },
})

export const getPipeline = defineOperation({
  name: 'pipelines.get',
  summary: 'Show a pipeline',
  description: 'Its newest version, or the one named.',
  input: z.strictObject({ pipeline: pipelineName, version: pipelineVersion.optional() }),
  output: storedPipeline,
  problems: ['pipeline.not_found', 'pipeline.version_not_found'],
  permission: 'pipelines:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/pipelines/{pipeline}' },
  mcp: { tool: 'pipeline_get' },
  cli: { verb: 'pipelines get', positionals: ['pipeline'] },
})

export const listPipelines = defineOperation({
  name: 'pipelines.list',
  summary: 'List pipelines',
  description: 'In the order of their names.',
  input: z.strictObject(pageInput),
  output: page(pipelineSummary),
  problems: [],
  permission: 'pipelines:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/pipelines' },
  mcp: { tool: 'pipeline_list' },
  cli: { verb: 'pipelines list' },
  rows: 'items',
})

export const listPipelineVersions = defineOperation({
  name: 'pipelines.versions',
  summary: 'List the versions of a pipeline',
  description: 'Newest first.',
  input: z.strictObject({ pipeline: pipelineName, ...pageInput }),
  output: page(storedPipeline.omit({ definition: true })),
  problems: ['pipeline.not_found'],
  permission: 'pipelines:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'GET', path: '/pipelines/{pipeline}/versions' },
  cli: { verb: 'pipelines versions', positionals: ['pipeline'] },
  rows: 'items',
})

export const deletePipeline = defineOperation({
  name: 'pipelines.delete',
  summary: 'Delete a pipeline',
  description: 'Runs that have begun go on. What starts it by its name fails from now on.',
  input: onePipeline,
  output: pipelineSummary,
  problems: ['pipeline.not_found'],
  permission: 'pipelines:write',
  effect: 'write',
  idempotent: true,
  audit: 'pipeline.deleted',
  http: { method: 'DELETE', path: '/pipelines/{pipeline}' },
  cli: { verb: 'pipelines delete', positionals: ['pipeline'] },
})

export const checkPipelineDefinition = defineOperation({
  name: 'pipelines.check',
  summary: 'Check a pipeline without saving it',
  description: 'Reads every expression and compares each step with the schemas of the tools. `ok` is false if saving it would be refused.',
  input: z.strictObject({ definition: rawPipeline }),
  output: z.object({ ok: z.boolean(), problems: z.array(pipelineProblem) }),
  problems: [],
  permission: 'pipelines:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'POST', path: '/pipeline-checks' },
  mcp: { tool: 'pipeline_check' },
  cli: { verb: 'pipelines check' },
  rows: 'problems',
})

export const dryRunPipeline = defineOperation({
  name: 'pipelines.dryRun',
  summary: 'Show what a pipeline would do',
  description:
    'With every expression filled in and nothing done. `⟨…⟩` stands for what is known only when it runs; `steps` may suppose what steps give.',
  input: pipelineDryRunRequest,
  output: pipelineDryRun,
  problems: ['pipeline.not_found', 'pipeline.version_not_found'],
  permission: 'pipelines:read',
  effect: 'read',
  idempotent: true,
  http: { method: 'POST', path: '/pipeline-dry-runs' },
  mcp: { tool: 'pipeline_dry_run' },
  cli: { verb: 'pipelines dry-run', positionals: ['pipeline'] },
})

export const runPipeline = defineOperation({
  name: 'pipelines.run',
  summary: 'Run a pipeline',
  description:
    'Starts a run of the workflow orrery.pipeline; follow it with runs.get, runs.result, or runs.query with the name `pipeline`, which shows each ' +
    'step. One that is written out asks for the scope pipelines:write too, and giving scopes to tools for tools:call.',
  input: pipelineRunRequest,
  output: started,
  problems: ['pipeline.not_found', 'pipeline.version_not_found', 'pipeline.invalid'],
  permission: 'runs:write',
  effect: 'write',
  idempotent: false,
  audit: 'run.started',
  execution: 'group commit',
  http: { method: 'POST', path: '/pipeline-runs', status: 201 },
  mcp: { tool: 'pipeline_run' },
  cli: { verb: 'pipelines run', positionals: ['pipeline'] },
})
