import { problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, toUuid, withOrg } from '@orrery/kernel'
import { engineOptions, finishRepeat, requireRepeatable } from './repeat-run.ts'

/** A retry in which a given output replaces the failed step, which is not run. The audit entry contains that output. */
export async function editStep(ctx: Ctx, input: InputFor<'runs.editStep'>): Promise<AnswerTo<'runs.editStep'>> {
  if (input.skip === (input.output !== undefined)) {
    const error = { path: 'output', message: 'Exactly one of output and skip must be given', expected: 'an output, or skip: true' }
    throw problem('invalid_input', 'Give either output or skip.', { errors: [error] })
  }
  const run = toUuid('run', input.runId)
  const output = input.output ?? null
  const repeat = { edits: new Map([[input.cmd, output]]), version: input.version }
  await requireRepeatable(ctx, run, repeat, true)
  const made = await withOrg(ctx, (tx) => ctx.engine.retry(ctx.org, run, engineOptions(repeat), tx.client))
  return finishRepeat(ctx, input.runId, made, { cmd: input.cmd, skip: input.skip, output })
}
