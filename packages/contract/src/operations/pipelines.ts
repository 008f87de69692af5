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
    'Creates a pipeline or a new version of it. It is checked against the schemas of the tools that it calls; mistakes are reported by step ' +
    'and path, and it is not saved. Runs in progress keep their definition.',
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
  description: 'Shows the newest version by default.',
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
  description: 'Ordered by name.',
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
  description: 'Runs in progress continue. Starting it by its name fails from now on.',
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
  description:
    'Parses every expression and checks each step against the schemas of the tools. `ok` is false if the pipeline could not be saved.',
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
    'Fills in every expression and runs nothing. `⟨…⟩` replaces values that are known only during a run; `steps` may assume results of steps.',
  input: pipelineDryRunRequest,
  output: pipelineDryRun,
  problems: ['pipeline.not_found', 'pipeline.version_not_found'],
  choices: [
    { of: ['pipeline', 'definition'], given: 'one' },
    { of: ['definition', 'version'], given: 'at most one' },
  ],
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
    'step. An inline definition also requires the scope pipelines:write, and granting scopes to tools requires tools:call.',
  input: pipelineRunRequest,
  output: started.extend({
    warnings: z.array(z.string()).meta({ description: 'Scopes that tools of the pipeline need and that the call does not grant.' }),
  }),
  problems: ['pipeline.not_found', 'pipeline.version_not_found', 'pipeline.invalid'],
  choices: [
    { of: ['pipeline', 'definition'], given: 'one' },
    { of: ['definition', 'version'], given: 'at most one' },
  ],
  permission: 'runs:write',
  grants: true,
  effect: 'write',
  idempotent: false,
  audit: 'run.started',
  execution: 'group commit',
  http: { method: 'POST', path: '/pipeline-runs', status: 201 },
  mcp: { tool: 'pipeline_run' },
  cli: { verb: 'pipelines run', positionals: ['pipeline'] },
})
