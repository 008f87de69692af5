import { createHash } from 'node:crypto'
import { encodeId, type Json, problem } from '@orrery/contract'
import type { StartRequest } from '@orrery/engine'
import type { RetryPolicy } from '@orrery/engine/workflow'
import { createMeter, createScope, ExpressionError, RenderError, renderValue } from '@orrery/expressions'
import { durationMs } from '@orrery/kernel'
import { toPipelineStart } from '../../pipelines/to-pipeline-start.ts'
import { toDedupe } from '../../starts/start-request.ts'
import type { AutomationRow } from '../automation-row.ts'
import type { FiringContext } from '../firing-context.ts'
import type { FiringRow } from '../firing-store.ts'
import { backoffPolicy } from '../planning/backoff-policy.ts'

type Names = Readonly<Record<string, Json>>

/** The engine's start request for a firing. @throws pipeline.*, invalid_input: the definition does not fit the event or the params */
export async function toStart(context: FiringContext, automation: AutomationRow, firing: FiringRow): Promise<StartRequest> {
  const { definition } = automation
  const names = { event: firing.request?.event ?? null, run: describeFiring(automation, firing) }
  const target =
    definition.workflow === undefined
      ? await startPipeline(context, automation, firing, names)
      : startWorkflow(context, automation, firing, names)
  const key = (text: string, path: string) => boundKey(render(text, context, automation, firing, names, path))
  const { concurrencyKey, dedupe } = definition
  return {
    ...target,
    runId: firing.firing_id,
    // The automation's id is a tag, so that its runs can be listed.
    tags: [...new Set([...(definition.tags ?? []), encodeId('aut', automation.automation_id)])],
    ...(definition.priority === undefined ? {} : { priority: definition.priority }),
    ...(definition.timeout === undefined ? {} : { timeoutMs: durationMs(definition.timeout, 'timeout') }),
    ...(concurrencyKey === undefined ? {} : { exclusiveKey: key(concurrencyKey, 'concurrencyKey') }),
    ...(dedupe === undefined ? {} : { dedupe: toDedupe(dedupe, key(dedupe.key, 'dedupe.key')) }),
  }
}

async function startPipeline(
  context: FiringContext,
  { definition }: AutomationRow,
  { request }: FiringRow,
  { event, run }: { event: Json; run: { [name: string]: Json } },
) {
  const { pipeline = [] } = definition
  const source = typeof pipeline === 'string' ? { name: pipeline } : { definition: Array.isArray(pipeline) ? { pipeline } : pipeline }
  const retry = retryOf(definition.retry)
  const { request: start } = await toPipelineStart(context, context.tx, {
    pipeline: source,
    params: { ...definition.params, ...request?.params },
    event,
    run,
    timezone: definition.timezone ?? 'UTC',
    scopes: definition.scopes ?? [],
    ...(retry === undefined ? {} : { retry }),
  })
  return start
}

/** False: one attempt. Absent: the engine's default policy. */
function retryOf(retry: AutomationRow['definition']['retry']): RetryPolicy | undefined {
  if (retry === undefined) return undefined
  return retry === false ? backoffPolicy('fixed', 0) : backoffPolicy(retry.backoff ?? 'exponential_jitter', retry.max - 1)
}

function startWorkflow(context: FiringContext, automation: AutomationRow, firing: FiringRow, names: Names): StartRequest {
  const { workflow, queue } = automation.definition
  if (workflow === undefined) throw new TypeError('The automation has no workflow')
  const { name, version, input } = workflow
  const params = { ...automation.definition.params, ...firing.request?.params }
  // If the definition has no input, the workflow gets the params, or the event if there are no params.
  const given = input ?? (Object.keys(params).length > 0 ? params : (names.event ?? null))
  return {
    org: context.org,
    workflow: name,
    input: input === undefined ? given : (render(input, context, automation, firing, names, 'workflow.input') ?? null),
    ...(version === undefined ? {} : { version }),
    ...(queue === undefined ? {} : { queue }),
  }
}

/** The values that a pipeline reads as `run.…`. */
function describeFiring(automation: AutomationRow, firing: FiringRow): { [name: string]: Json } {
  return {
    automation: automation.name,
    automationId: encodeId('aut', automation.automation_id),
    trigger: firing.trigger_key,
    cause: firing.cause,
    scheduledFor: firing.nominal_at.toISOString(),
  }
}

function render(
  value: Json,
  context: FiringContext,
  automation: AutomationRow,
  firing: FiringRow,
  names: Names,
  path: string,
): Json | undefined {
  const params = { ...automation.definition.params, ...firing.request?.params }
  const { root, timezone } = createScope({
    params,
    steps: {},
    nowMs: context.nowMs,
    timezone: automation.definition.timezone ?? 'UTC',
    names,
  })
  try {
    return renderValue(value, { root, timezone, meter: createMeter() }, path)
  } catch (error) {
    if (error instanceof RenderError) throw problem('invalid_input', `${error.path}: ${error.message}`)
    if (error instanceof ExpressionError) throw problem('invalid_input', `${path}: ${error.message}`)
    throw error
  }
}

const KEY_LENGTH_MAX = 512

/** A key in a form that the database accepts. The digest replaces a key that is too long. */
function boundKey(value: Json | undefined): string {
  const text = (typeof value === 'string' ? value : JSON.stringify(value ?? null)).toWellFormed().replaceAll('\u0000', '\ufffd')
  return text.length <= KEY_LENGTH_MAX ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`
}
