import { type AnswerTo, type Ctx, type InputFor, orProblem, withOrg } from '@orrery/kernel'
import { toWorkflow } from './list-workflows.ts'
import { selectWorkflow } from './workflow-store.ts'

export async function getWorkflow(ctx: Ctx, input: InputFor<'workflows.get'>): Promise<AnswerTo<'workflows.get'>> {
  const found = await withOrg(ctx, (tx) => selectWorkflow(tx, ctx.org, input.workflow))
  const row = orProblem(found, 'workflow.not_found', `There is no workflow ${input.workflow}.`)
  const { inputSchema, outputSchema, options } = row.manifest
  return { ...toWorkflow(row), inputSchema, outputSchema, options: { ...options } }
}
