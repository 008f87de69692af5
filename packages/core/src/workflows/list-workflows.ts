import { type AnswerTo, type Ctx, decodeCursor, type InputFor, TEXT_FORM, toPage, withOrg } from '@orrery/kernel'
import { selectWorkflows, type WorkflowRow } from './workflow-store.ts'

export async function listWorkflows(ctx: Ctx, input: InputFor<'workflows.list'>): Promise<AnswerTo<'workflows.list'>> {
  const [after = ''] = decodeCursor(input.cursor, [TEXT_FORM]) ?? []
  const rows = await withOrg(ctx, (tx) => selectWorkflows(tx, ctx.org, after, input.limit + 1))
  return toPage(rows, input.limit, toWorkflow, (row) => [row.name])
}

export function toWorkflow(row: WorkflowRow) {
  return { name: row.name, version: row.version, description: row.manifest.description, deployedAt: row.deployedAt.toISOString() }
}
