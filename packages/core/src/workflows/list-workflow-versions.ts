import { type AnswerTo, type Ctx, decodeCursor, type InputFor, orProblem, TIME_FORM, toPage, withOrg } from '@orrery/kernel'
import { selectVersions, selectWorkflow, type WorkflowVersionRow } from './workflow-store.ts'

const HASH_FORM = /^[0-9a-f]{64}$/

export async function listWorkflowVersions(ctx: Ctx, input: InputFor<'workflows.versions'>): Promise<AnswerTo<'workflows.versions'>> {
  const [at, hash] = decodeCursor(input.cursor, [TIME_FORM, HASH_FORM]) ?? []
  const behind = at === undefined || hash === undefined ? null : { at, hash }
  return withOrg(ctx, async (tx) => {
    orProblem(await selectWorkflow(tx, ctx.org, input.workflow), 'workflow.not_found', `There is no workflow ${input.workflow}.`)
    const rows = await selectVersions(tx, ctx.org, input.workflow, behind, input.limit + 1)
    return toPage(rows, input.limit, toVersion, (row) => [row.created_at.toISOString(), row.hash])
  })
}

function toVersion(row: WorkflowVersionRow) {
  return { version: row.hash, deployedAt: row.created_at.toISOString(), isDefault: row.is_default }
}
