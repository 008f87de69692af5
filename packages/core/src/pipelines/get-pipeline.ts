import { type AnswerTo, type Ctx, type InputFor, orProblem, withOrg } from '@orrery/kernel'
import { selectPipeline } from './pipeline-store.ts'
import { readStored } from './read-pipeline.ts'
import { toStoredPipeline } from './to-stored-pipeline.ts'

export function getPipeline(ctx: Ctx, { pipeline: name, version }: InputFor<'pipelines.get'>): Promise<AnswerTo<'pipelines.get'>> {
  return withOrg(ctx, async (tx) => {
    const row = orProblem(await selectPipeline(tx, ctx.org, name), 'pipeline.not_found', `There is no pipeline ${name}.`)
    return toStoredPipeline(await readStored(tx, ctx.org, name, version ?? null), row.version)
  })
}
