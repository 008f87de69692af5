import { type AnswerTo, type Ctx, type InputFor, toUuid } from '@orrery/kernel'
import { requireVersion } from '../workflows/require-version.ts'
import { controlRun } from './control-run.ts'

export async function resumeRun(ctx: Ctx, input: InputFor<'runs.resume'>): Promise<AnswerTo<'runs.resume'>> {
  const { version } = input
  if (version !== undefined) await requireVersion(ctx, toUuid('run', input.runId), version)
  ctx.note(input.runId, version === undefined ? null : { version })
  return controlRun(ctx, input.runId, (run, client) => ctx.engine.resume(ctx.org, run, version === undefined ? {} : { version }, client))
}
