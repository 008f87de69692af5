import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { orProblem } from '../public-ids.ts'
import { toWorkflow } from './list-workflows.ts'
import { selectWorkflow } from './workflow-store.ts'

export async function getWorkflow(ctx: Ctx, input: InputFor<'workflows.get'>): Promise<AnswerTo<'workflows.get'>> {
  const found = await withOrg(ctx, (tx) => selectWorkflow(tx, ctx.org, input.workflow))
  const row = orProblem(found, 'workflow.not_found', `There is no workflow ${input.workflow}.`)
  const { inputSchema, outputSchema, options } = row.manifest
  return { ...toWorkflow(row), inputSchema, outputSchema, options: { ...options } }
}
