import { type Json, type JsonObject, type PipelineDefinition, problem } from '@orrery/contract'
import type { StartRequest } from '@orrery/engine'
import type { RetryOptions, RetryPolicy } from '@orrery/engine/workflow'
import { type Ctx, checkSchemas, describeMismatch, type SchemaChecks, type Transaction } from '@orrery/kernel'
import { formatDuration } from '@orrery/recurrence'
import { createBuiltInWorkflow } from '../starts/built-in-workflow.ts'
import { type Calls, PIPELINE_WORKFLOW, type PipelineInput } from './interpreter/pipeline-input.ts'
import { type PipelineSource, readPipeline } from './read-pipeline.ts'
import { resolveCalls } from './resolve-calls.ts'

/** The workflow that runs pipelines. */
export const pipelineInterpreter = createBuiltInWorkflow(new URL('interpreter/interpret-pipeline', import.meta.url))

export interface PipelineStart {
  readonly pipeline: PipelineSource
  /** Params that replace those of the definition, name by name. */
  readonly params?: JsonObject
  /** Steps read this as `event`. */
  readonly event?: Json
  /** Steps read this as `run.<name>`, beside `run.id`, `run.pipeline`, `run.version` and `run.startedAt`. */
  readonly run?: JsonObject
  /** IANA name. Absent: UTC. */
  readonly timezone?: string
  /** Scopes granted to the tools that are called. The caller must have checked that it may grant them. */
  readonly scopes?: readonly string[]
  /** For steps without retry settings. Absent: the engine's default. */
  readonly retry?: RetryPolicy
}

export interface PlannedPipelineStart {
  readonly request: Required<Pick<StartRequest, 'org' | 'workflow' | 'version' | 'input' | 'authority'>>
  readonly definition: PipelineDefinition
  readonly calls: Calls
}

/**
 * The engine's start request for a pipeline; the caller adds `at`, `tags`, `priority`, `runId` and the like. Names of called pipelines and
 * tools are resolved now, so later changes of these do not affect the run. Tables are read in `tx`. If the organization does not have the
 * interpreter yet, it is deployed in a separate transaction.
 * @throws pipeline.not_found, pipeline.version_not_found, pipeline.invalid (it calls itself, or its params do not fit)
 */
export async function toPipelineStart(
  { engine, org, kernel }: Pick<Ctx, 'engine' | 'org' | 'kernel'>,
  tx: Transaction,
  start: PipelineStart,
): Promise<PlannedPipelineStart> {
  const { definition, name, version } = await readPipeline(tx, org, start.pipeline)
  const params = start.params ?? {}
  await requireParams(checkSchemas({ org, kernel, tx }), definition, params)
  const { calls, grants } = await resolveCalls(tx, org, definition, name)
  const input: PipelineInput = {
    definition,
    params,
    event: start.event ?? null,
    run: { ...start.run, pipeline: name, version },
    timezone: start.timezone ?? 'UTC',
    ...(start.retry === undefined ? {} : { retry: toRetryOptions(start.retry) }),
    calls,
  }
  const interpreter = await pipelineInterpreter.deploy(engine, org)
  const authority = { scopes: start.scopes ?? [], grants }
  const request = { org, workflow: PIPELINE_WORKFLOW, version: interpreter, input: input as unknown as Json, authority }
  return { request, definition, calls }
}

/** The interpreter checks params too, but could only fail the run. This check fails the start. @throws pipeline.invalid */
async function requireParams(
  schemas: SchemaChecks,
  { params_schema: schema, params: own }: PipelineDefinition,
  params: JsonObject,
): Promise<void> {
  const mismatch = schema === undefined ? null : await schemas.findMismatch(schema, { ...own, ...params })
  if (mismatch === null) return
  const message = describeMismatch('The params do not fit params_schema', mismatch)
  throw problem('pipeline.invalid', `${message}.`, { errors: [{ path: `params${mismatch.path}`, message: mismatch.message }] })
}

/** A retry policy as options of a step, which is the form that the interpreter takes. */
function toRetryOptions({ maxAttempts, initialMs, factor, incrementMs, maxMs, jitter, nonRetryable }: RetryPolicy): RetryOptions {
  return {
    max: maxAttempts,
    initial: formatDuration(initialMs),
    factor,
    increment: formatDuration(incrementMs),
    maximum: formatDuration(maxMs),
    jitter,
    nonRetryable,
  }
}
