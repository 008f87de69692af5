import type { AnswerTo, Ctx, InputFor } from '@orrery/kernel'
import { checkRawPipeline } from './check-raw-pipeline.ts'

export async function checkPipelineDefinition(ctx: Ctx, input: InputFor<'pipelines.check'>): Promise<AnswerTo<'pipelines.check'>> {
  const judgement = await checkRawPipeline(ctx, input.definition, null)
  return { ok: judgement.ok, problems: [...(judgement.ok ? judgement.warnings : judgement.problems)] }
}
