import type { Json, JsonObject } from '@orrery/contract'
import { workflow } from '@orrery/engine/workflow'
import { createScope, placeAll, renderOutput } from '@orrery/expressions'
import { explainMismatch } from './explain-mismatch.ts'
import type { Frame, Interpretation } from './frame.ts'
import { PipelineFailure } from './pipeline-failure.ts'
import { PIPELINE_WORKFLOW, type PipelineInput } from './pipeline-input.ts'
import { createProgress } from './pipeline-progress.ts'
import { runSteps } from './run-steps.ts'
import { createTurnBudget } from './turn-budget.ts'

/**
 * The workflow that runs any pipeline. Its input contains the definition, so a change of a pipeline only affects later runs. The definition
 * was checked when it was saved or started.
 */
export const interpretPipeline = workflow(PIPELINE_WORKFLOW, { description: 'Runs a pipeline.' }, async (ctx, input: PipelineInput) => {
  const { definition, event, run, timezone } = input
  const params: JsonObject = { ...definition.params, ...input.params }
  const progress = createProgress(definition)
  ctx.query('pipeline', () => progress.report())
  requireParams(params, definition.params_schema)
  const running: Interpretation = {
    ctx,
    input,
    params,
    progress,
    budget: createTurnBudget(ctx),
    runSteps: (steps, frame) => runSteps(running, steps, frame),
  }
  const facts = { ...run, id: ctx.info.runId, parentId: ctx.info.parentRunId, startedAt: ctx.now().toISOString() }
  const frame: Frame = { saved: {}, written: new Set(), names: { event, run: facts }, rounds: [] }
  await runSteps(running, placeAll(definition.pipeline, 'pipeline'), frame)
  const scope = createScope({ params, steps: frame.saved, nowMs: ctx.now().getTime(), timezone, names: frame.names })
  const output = renderOutput(definition, scope)
  if (!output.ok) throw failureOfWhole(output.problem.path, 'TemplateError', output.problem.message)
  return output.value
})

function requireParams(params: JsonObject, schema: Json | undefined): void {
  const mismatch = schema === undefined ? null : explainMismatch(params, schema)
  if (mismatch !== null) throw failureOfWhole('params', 'InvalidParams', `they do not fit params_schema${mismatch}`)
}

function failureOfWhole(path: string, name: string, message: string): PipelineFailure {
  return new PipelineFailure({ step: null, path, rounds: [] }, { name, message, kind: 'invalid' })
}
