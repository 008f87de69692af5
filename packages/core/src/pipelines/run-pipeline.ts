import { problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, requireGrantableScopes, withOrg } from '@orrery/kernel'
import { startAudited } from '../starts/start-audited.ts'
import { toStartRequest } from '../starts/start-request.ts'
import { checkRawPipeline, requireValid } from './check-raw-pipeline.ts'
import { chooseSource } from './choose-source.ts'
import type { PipelineSource } from './read-pipeline.ts'
import { requireTimezone } from './require-timezone.ts'
import { toPipelineStart } from './to-pipeline-start.ts'
import { warnOfMissingScopes } from './warn-of-scopes.ts'

export async function runPipeline(ctx: Ctx, input: InputFor<'pipelines.run'>): Promise<AnswerTo<'pipelines.run'>> {
  const { timezone = 'UTC', params, event, scopes } = input
  requireTimezone(timezone)
  requireGrantableScopes(ctx, scopes ?? [])
  const pipeline = await readSource(ctx, input)
  const { start, warnings } = await withOrg(ctx, async (tx) => {
    const planned = await toPipelineStart(ctx, tx, {
      pipeline,
      timezone,
      ...(params === undefined ? {} : { params }),
      ...(event === undefined ? {} : { event }),
      ...(scopes === undefined ? {} : { scopes }),
    })
    const warnings = await warnOfMissingScopes(tx, ctx.org, planned.definition, planned.calls, scopes ?? [])
    return { start: planned.request, warnings }
  })
  const { at, concurrencyKey, dedupe, delay, priority, queue, tags, timeout } = input
  const request = { ...start, at, concurrencyKey, dedupe, delay, priority, queue, tags, timeout }
  const detail = { workflow: start.workflow, pipeline: input.pipeline ?? null }
  const answer = await startAudited(ctx, detail, (companions) => toStartRequest(ctx, request, companions))
  return { ...answer, warnings }
}

async function readSource(ctx: Ctx, input: InputFor<'pipelines.run'>): Promise<PipelineSource> {
  const source = chooseSource(input)
  if (!('raw' in source)) return source
  if (!ctx.permissions.has('pipelines:write')) {
    const detail = 'To run a pipeline that is not stored, you need pipelines:write.'
    throw problem('forbidden', detail, { permission: 'pipelines:write' })
  }
  return requireValid(await checkRawPipeline(ctx, source.raw, null))
}
