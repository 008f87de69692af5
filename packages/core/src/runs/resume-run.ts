import { problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, toUuid } from '@orrery/kernel'
import { requireVersion } from '../workflows/require-version.ts'
import { controlRun } from './control-run.ts'

export async function resumeRun(ctx: Ctx, input: InputFor<'runs.resume'>): Promise<AnswerTo<'runs.resume'>> {
  const { version } = input
  if (version !== undefined) await requireVersion(ctx, toUuid('run', input.runId), version)
  ctx.note(input.runId, version === undefined ? null : { version })
  return controlRun(ctx, input.runId, async (run, client) => {
    const outcome = await ctx.engine.resume(ctx.org, run, version === undefined ? {} : { version }, client)
    if (outcome.type !== 'not_stopped') return outcome
    throw problem('invalid_input', `Run ${input.runId} is neither paused nor blocked, so it continues in its version.`, {
      errors: [{ path: 'version', message: 'The run is neither paused nor blocked', expected: 'a paused or blocked run, or no version' }],
    })
  })
}
