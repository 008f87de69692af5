import { problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, orProblem, toUuid, withOrg } from '@orrery/kernel'
import { requireVersion } from '../workflows/require-version.ts'
import { controlRun } from './control-run.ts'
import { requireAuthority } from './repeat-run.ts'
import { selectRun } from './run-store.ts'

export async function resumeRun(ctx: Ctx, input: InputFor<'runs.resume'>): Promise<AnswerTo<'runs.resume'>> {
  const { version } = input
  if (version !== undefined) await requireMove(ctx, input.runId, version)
  ctx.note(input.runId, version === undefined ? null : { version })
  return controlRun(ctx, input.runId, async (run, client) => {
    const outcome = await ctx.engine.resume(ctx.org, run, version === undefined ? {} : { version }, client)
    if (outcome.type !== 'not_stopped') return outcome
    throw problem('invalid_input', `Run ${input.runId} is neither paused nor blocked, so it continues in its version.`, {
      errors: [{ path: 'version', message: 'The run is neither paused nor blocked', expected: 'a paused or blocked run, or no version' }],
    })
  })
}

/** Other code may do other things with the scopes of the run. @throws run.not_found, forbidden, workflow.version_not_found */
async function requireMove(ctx: Ctx, runId: string, version: string): Promise<void> {
  const run = toUuid('run', runId)
  const found = await withOrg(ctx, (tx) => selectRun(tx, ctx.org, run))
  requireAuthority(ctx, orProblem(found, 'run.not_found', `There is no run ${runId}.`))
  await requireVersion(ctx, run, version)
}
