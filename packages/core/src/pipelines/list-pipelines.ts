import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, TEXT_FORM, toPage } from '../cursor.ts'
import { selectPipelines } from './pipeline-store.ts'
import { toPipelineSummary } from './to-stored-pipeline.ts'

export async function listPipelines(ctx: Ctx, input: InputFor<'pipelines.list'>): Promise<AnswerTo<'pipelines.list'>> {
  const [after = null] = decodeCursor(input.cursor, [TEXT_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectPipelines(tx, ctx.org, after, input.limit + 1))
  return toPage(rows, input.limit, toPipelineSummary, (row) => [row.name])
}
