/** Runs in a workflow's sandbox what the pipeline interpreter runs there. */
import type { Json, JsonObject } from '@orrery/contract'
import { workflow } from '@orrery/engine/workflow'
import { dryRun } from './pipeline/dry-run.ts'
import { parsePipeline } from './pipeline/parse-pipeline.ts'
import { evaluateCondition, renderArguments, renderOutput } from './pipeline/render-step.ts'
import { createScope } from './template/scope.ts'

interface ProbeInput {
  readonly pipeline: Json
  readonly params: JsonObject
  readonly outputs: JsonObject
  readonly timezone: string
}

export const languageProbe = workflow('language-probe', async (ctx, { pipeline: raw, params, outputs, timezone }: ProbeInput) => {
  const parsed = parsePipeline(raw)
  if (!parsed.ok) return parsed
  const nowMs = ctx.now().getTime()
  const steps: { [name: string]: Json } = {}
  const rendered: Json[] = []
  for (const step of parsed.pipeline.pipeline) {
    const scope = createScope({ params, steps, nowMs, timezone, names: { event: null } })
    const runs = evaluateCondition(step, scope)
    if (!('uses' in step) || (runs.ok && !runs.value)) continue
    rendered.push(JSON.parse(JSON.stringify(renderArguments(step, scope))) as Json)
    if (step.save_as !== undefined) steps[step.save_as] = outputs[step.save_as] ?? null
  }
  const output = renderOutput(parsed.pipeline, createScope({ params, steps, nowMs, timezone }))
  return { rendered, output, dry: dryRun(parsed.pipeline, { params, nowMs, timezone }) }
})
