import { type AnswerTo, type Ctx, decodeCursor, type InputFor, toPage, toUuid, UUID_FORM, withOrg } from '@orrery/kernel'
import { toSummary } from './run.ts'
import { selectRuns } from './run-store.ts'

export async function listRuns(ctx: Ctx, input: InputFor<'runs.list'>): Promise<AnswerTo<'runs.list'>> {
  const [before = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const filter = {
    workflow: input.workflow,
    status: input.status,
    tag: input.tag,
    since: input.since === undefined ? undefined : new Date(input.since),
    until: input.until === undefined ? undefined : new Date(input.until),
    parent: input.parentRunId === undefined ? undefined : toUuid('run', input.parentRunId),
    before,
    limit: input.limit + 1,
  }
  const rows = await withOrg(ctx, (tx) => selectRuns(tx, ctx.org, filter))
  return toPage(rows, input.limit, toSummary, (row) => [row.run_id])
}
