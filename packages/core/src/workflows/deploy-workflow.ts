import { type AnswerTo, type Ctx, emitEvent, type InputFor, withOrg } from '@orrery/kernel'
import { openBundle } from './open-bundle.ts'

export async function deployWorkflow(ctx: Ctx, input: InputFor<'workflows.deploy'>): Promise<AnswerTo<'workflows.deploy'>> {
  const bundle = await openBundle(ctx, input)
  const workflows = bundle.manifest.workflows.map(({ name }) => name)
  await withOrg(ctx, (tx) => ctx.engine.deploy(ctx.org, bundle, tx.client))
  await emitEvent(ctx, 'workflow.deployed', bundle.hash, { workflows })
  ctx.note(bundle.hash, { workflows })
  // Clears the default versions that this process has cached.
  ctx.afterCommit(() => ctx.engine.nudge([]))
  return { version: bundle.hash, workflows }
}
