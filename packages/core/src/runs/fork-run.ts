import { problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, toUuid, withOrg } from '@orrery/kernel'
import { engineOptions, finishRepeat, requireRepeatable } from './repeat-run.ts'
import { selectLastSeq } from './run-store.ts'

export async function forkRun(ctx: Ctx, input: InputFor<'runs.fork'>): Promise<AnswerTo<'runs.fork'>> {
  const run = toUuid('run', input.runId)
  const repeat = { edits: new Map(input.edits.map(({ cmd, output }) => [cmd, output])), version: input.version }
  await requireRepeatable(ctx, run, repeat, false)
  const made = await withOrg(ctx, async (tx) => {
    const last = await selectLastSeq(tx, ctx.org, run)
    if (input.fromSeq > last + 1) {
      throw problem(
        'run.step_not_found',
        `The history of run ${input.runId} has ${last} rows; it cannot be forked from row ${input.fromSeq}.`,
      )
    }
    return ctx.engine.fork(ctx.org, run, input.fromSeq, engineOptions(repeat), tx.client)
  })
  return finishRepeat(ctx, input.runId, made, { fromSeq: input.fromSeq, edits: input.edits })
}
