import { problem } from '@orrery/contract'
import { type Ctx, orProblem, toRunId, withOrg } from '@orrery/kernel'
import { selectHolds } from './workflow-store.ts'

/** @param run a UUID. @throws run.not_found, workflow.version_not_found if the bundle does not exist or lacks the run's workflow */
export async function requireVersion(ctx: Ctx, run: string, version: string): Promise<void> {
  const holds = await withOrg(ctx, (tx) => selectHolds(tx, ctx.org, run, version))
  if (!orProblem(holds, 'run.not_found', `There is no run ${toRunId(run)}.`)) {
    throw problem('workflow.version_not_found', `There is no version ${version} of the run’s workflow.`)
  }
}
