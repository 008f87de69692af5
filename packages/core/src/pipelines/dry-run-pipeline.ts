import { type Json, type PipelineDefinition, problem } from '@orrery/contract'
import { type DryRunInput, isTellable, type PipelineProblem } from '@orrery/expressions'
import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { checkRawPipeline } from './check-raw-pipeline.ts'
import { chooseSource } from './choose-source.ts'
import { computeDryRun } from './compute-pipeline.ts'
import { readPipeline } from './read-pipeline.ts'
import { requireTimezone } from './require-timezone.ts'

/** Placeholders for `run.…`, as a dry run has no run. */
const UNKNOWN_RUN = Object.fromEntries(['id', 'parentId', 'pipeline', 'version', 'startedAt'].map((name) => [name, `⟨run.${name}⟩`]))

/** Also accepts a pipeline with errors: returns its problems, and renders the steps as far as possible. */
export async function dryRunPipeline(ctx: Ctx, input: InputFor<'pipelines.dryRun'>): Promise<AnswerTo<'pipelines.dryRun'>> {
  const { timezone = 'UTC', params, steps, event, now } = input
  requireTimezone(timezone)
  const nowMs = now === undefined ? ctx.clock.now() : Date.parse(now)
  if (!isTellable(nowMs)) {
    const message = 'Expected a time in the years 1 to 9999'
    throw problem('invalid_input', `now: ${message}.`, { errors: [{ path: 'now', message }] })
  }
  const { definition, problems } = await readAndCheck(ctx, input)
  if (definition === null) return { ok: false, problems: [...problems], steps: [], output: null }
  const assumed: DryRunInput = {
    params: { ...definition.params, ...params },
    nowMs,
    timezone,
    ...(steps === undefined ? {} : { steps }),
    ...(event === undefined ? {} : { names: { event, run: UNKNOWN_RUN } }),
  }
  const computed = await computeDryRun(ctx, { definition, input: assumed })
  if (!computed.ok) return { ok: false, problems: [...problems, ...computed.problems], steps: [], output: null }
  const shown = computed.value
  const all = [...problems, ...shown.problems]
  return {
    ok: all.every(({ severity }) => severity !== 'error'),
    problems: all,
    steps: shown.steps as unknown as Json,
    output: shown.output,
  }
}

interface CheckedSource {
  readonly definition: PipelineDefinition | null
  readonly problems: readonly PipelineProblem[]
}

async function readAndCheck(ctx: Ctx, input: InputFor<'pipelines.dryRun'>): Promise<CheckedSource> {
  const source = chooseSource(input)
  if (!('raw' in source)) return { ...(await withOrg(ctx, (tx) => readPipeline(tx, ctx.org, source))), problems: [] }
  const judgement = await checkRawPipeline(ctx, source.raw, null)
  return { definition: judgement.definition, problems: judgement.ok ? judgement.warnings : judgement.problems }
}
