/** What an interpreter of checked pipelines bundles: no parsing of pipelines, so no zod. */
import type { Json, JsonObject, ToolStep } from '@orrery/contract'
import { workflow } from '@orrery/engine/workflow'
import { kindOfStep, listSteps, sequencesOf } from './pipeline/pipeline-steps.ts'
import { renderArguments } from './pipeline/render-step.ts'
import { createScope } from './template/scope.ts'

export const evaluateProbe = workflow('evaluate-probe', async (ctx, input: { texts: Json; params: JsonObject }) => {
  const step: ToolStep = { id: 'a', uses: 'x', with: { texts: input.texts } }
  const scope = createScope({ params: input.params, steps: {}, nowMs: ctx.now().getTime(), timezone: 'Europe/Berlin' })
  const count = listSteps({ pipeline: [step] }).length + sequencesOf({ step, path: '' }).length
  return { kind: kindOfStep(step), count, rendered: renderArguments(step, scope) }
})
