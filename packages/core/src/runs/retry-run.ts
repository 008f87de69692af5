import { type AnswerTo, type Ctx, type InputFor, toUuid, withOrg } from '@orrery/kernel'
import { engineOptions, finishRepeat, requireRepeatable } from './repeat-run.ts'

export async function retryRun(ctx: Ctx, input: InputFor<'runs.retry'>): Promise<AnswerTo<'runs.retry'>> {
  const run = toUuid('run', input.runId)
  const repeat = { edits: new Map(input.edits.map(({ cmd, output }) => [cmd, output])), version: input.version }
  await requireRepeatable(ctx, run, repeat, true)
  const made = await withOrg(ctx, (tx) => ctx.engine.retry(ctx.org, run, engineOptions(repeat), tx.client))
  return finishRepeat(ctx, input.runId, made, { edits: input.edits })
}
