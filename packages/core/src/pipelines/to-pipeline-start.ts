import { type Json, type JsonObject, type PipelineDefinition, problem } from '@orrery/contract'
import type { OrgId, StartRequest } from '@orrery/engine'
import type { RetryOptions, RetryPolicy } from '@orrery/engine/workflow'
import { type CoreEngine, describeMismatch, findMismatch, type Transaction } from '@orrery/kernel'
import { formatDuration } from '@orrery/recurrence'
import { deployInterpreter } from './deploy-interpreter.ts'
import { PIPELINE_WORKFLOW, type PipelineInput } from './interpreter/pipeline-input.ts'
import { type PipelineSource, readPipeline } from './read-pipeline.ts'
import { resolveCalls } from './resolve-calls.ts'

export interface PipelineStart {
  readonly pipeline: PipelineSource
  /** In place of the definition's own, name by name. */
  readonly params?: JsonObject
  /** Steps read it as `event`. */
  readonly event?: Json
  /** Steps read it as `run.<name>`, beside `run.id`, `run.pipeline`, `run.version` and `run.startedAt`. */
  readonly run?: JsonObject
  /** IANA name. Absent: UTC. */
  readonly timezone?: string
  /** Given to the tools that are called. Whoever starts the run must be allowed to give them. */
  readonly scopes?: readonly string[]
  /** Of steps that say nothing about retries themselves. Absent: the engine's own. */
  readonly retry?: RetryPolicy
}

/**
 * The start of a pipeline as the engine takes it; add `at`, `tags`, `priority`, `runId` and the like. What it calls is resolved here and
 * now: a run never changes under way. The tables are read in `tx`; the interpreter is deployed to the organization, if it is not there yet,
 * in a transaction of its own.
 * @throws pipeline.not_found, pipeline.version_not_found, pipeline.invalid (it calls itself, or its params do not fit)
 */
export async function toPipelineStart(
  engine: CoreEngine,
  tx: Transaction,
  org: OrgId,
  start: PipelineStart,
): Promise<Required<Pick<StartRequest, 'org' | 'workflow' | 'version' | 'input'>>> {
  const { definition, name, version } = await readPipeline(tx, org, start.pipeline)
  const params = start.params ?? {}
  requireParams(definition, params)
  const input: PipelineInput = {
    definition,
    params,
    event: start.event ?? null,
    run: { ...start.run, pipeline: name, version },
    timezone: start.timezone ?? 'UTC',
    scopes: start.scopes ?? [],
    ...(start.retry === undefined ? {} : { retry: toRetryOptions(start.retry) }),
    calls: await resolveCalls(tx, org, definition, name),
  }
  const interpreter = await deployInterpreter(engine, org)
  return { org, workflow: PIPELINE_WORKFLOW, version: interpreter, input: input as unknown as Json }
}

/** The interpreter looks again, but then there is a failed run. @throws pipeline.invalid */
function requireParams({ params_schema: schema, params: own }: PipelineDefinition, params: JsonObject): void {
  const mismatch = schema === undefined ? null : findMismatch(schema, { ...own, ...params })
  if (mismatch === null) return
  const message = describeMismatch('The params do not fit params_schema', mismatch)
  throw problem('pipeline.invalid', `${message}.`, { errors: [{ path: `params${mismatch.path}`, message: mismatch.message }] })
}

/** A policy in the form in which the interpreter's steps take it. */
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
