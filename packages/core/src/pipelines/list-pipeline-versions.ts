import { type AnswerTo, type Ctx, decodeCursor, type InputFor, NUMBER_FORM, orProblem, toPage, withOrg } from '@orrery/kernel'
import { selectPipeline, selectVersions } from './pipeline-store.ts'
import { toStoredVersion } from './to-stored-pipeline.ts'

export async function listPipelineVersions(ctx: Ctx, input: InputFor<'pipelines.versions'>): Promise<AnswerTo<'pipelines.versions'>> {
  const { pipeline: name, limit } = input
  const [before = null] = decodeCursor(input.cursor, [NUMBER_FORM]) ?? []
  return withOrg(ctx, async (tx) => {
    const { version } = orProblem(await selectPipeline(tx, ctx.org, name), 'pipeline.not_found', `There is no pipeline ${name}.`)
    const rows = await selectVersions(tx, ctx.org, name, before === null ? null : Number(before), limit + 1)
    return toPage(
      rows,
      limit,
      (row) => toStoredVersion(row, version),
      (row) => [row.version],
    )
  })
}
