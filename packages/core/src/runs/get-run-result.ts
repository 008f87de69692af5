import type { Json } from '@orrery/contract'
import { type AnswerTo, type Ctx, durationMs, type InputFor, orProblem, toUuid, withOrg } from '@orrery/kernel'
import { toFailure, toSummary } from './run.ts'
import { selectRun } from './run-store.ts'

const WAIT_MAX_MS = 60_000

export async function getRunResult(ctx: Ctx, input: InputFor<'runs.result'>): Promise<AnswerTo<'runs.result'>> {
  const run = toUuid('run', input.runId)
  const waitMs = Math.min(durationMs(input.timeout, 'timeout'), WAIT_MAX_MS)
  const read = async () => {
    const row = await withOrg(ctx, (tx) => selectRun(tx, ctx.org, run))
    return toSummary(orProblem(row, 'run.not_found', `There is no run ${input.runId}.`))
  }
  // Fails at once if the run does not exist, instead of waiting for it.
  await read()
  const answer = await ctx.engine.result(ctx.org, run, waitMs)
  if (answer === null) {
    const { status } = await read()
    return { runId: input.runId, done: false, status, output: null, error: null, finishedAt: null }
  }
  return {
    runId: input.runId,
    done: true,
    status: answer.status,
    output: answer.output === null ? null : (JSON.parse(answer.output) as Json),
    error: toFailure(answer.error),
    finishedAt: new Date(answer.at).toISOString(),
  }
}
