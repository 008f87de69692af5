/** Without reading pipelines, which needs zod: what an interpreter of checked pipelines takes with it. */
import type { Json, JsonObject, ToolStep } from '@orrery/contract'
import { workflow } from '@orrery/engine/workflow'
import { renderArguments } from './pipeline/render-step.ts'
import { kindOfStep, listSteps, sequencesOf } from './pipeline/step-places.ts'
import { createScope } from './template/scope.ts'

export const evaluateProbe = workflow('evaluate-probe', async (ctx, input: { texts: Json; params: JsonObject }) => {
  const step: ToolStep = { id: 'a', uses: 'x', with: { texts: input.texts } }
  const scope = createScope({ params: input.params, steps: {}, nowMs: ctx.now().getTime(), timezone: 'Europe/Berlin' })
  const count = listSteps({ pipeline: [step] }).length + sequencesOf({ step, path: '' }).length
  return { kind: kindOfStep(step), count, rendered: renderArguments(step, scope) }
})
