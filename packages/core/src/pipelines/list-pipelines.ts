import { type AnswerTo, type Ctx, decodeCursor, type InputFor, TEXT_FORM, toPage, withOrg } from '@orrery/kernel'
import { selectPipelines } from './pipeline-store.ts'
import { toPipelineSummary } from './to-stored-pipeline.ts'

export async function listPipelines(ctx: Ctx, input: InputFor<'pipelines.list'>): Promise<AnswerTo<'pipelines.list'>> {
  const [after = null] = decodeCursor(input.cursor, [TEXT_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectPipelines(tx, ctx.org, after, input.limit + 1))
  return toPage(rows, input.limit, toPipelineSummary, (row) => [row.name])
}
