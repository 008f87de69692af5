import { type AnswerTo, type Ctx, emitEvent, type InputFor, orProblem, withOrg } from '@orrery/kernel'
import { removePipeline } from './pipeline-store.ts'
import { toPipelineSummary } from './to-stored-pipeline.ts'

export async function deletePipeline(ctx: Ctx, { pipeline: name }: InputFor<'pipelines.delete'>): Promise<AnswerTo<'pipelines.delete'>> {
  const found = await withOrg(ctx, (tx) => removePipeline(tx, ctx.org, name))
  const row = orProblem(found, 'pipeline.not_found', `There is no pipeline ${name}.`)
  await emitEvent(ctx, 'pipeline.deleted', name, { version: row.version })
  ctx.note(name, { version: row.version })
  return toPipelineSummary(row)
}
