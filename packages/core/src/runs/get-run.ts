import { type AnswerTo, type Ctx, type InputFor, orProblem, toUuid, withOrg } from '@orrery/kernel'
import { toFailure, toSummary } from './run.ts'
import { selectPayloads, selectRun } from './run-store.ts'

export async function getRun(ctx: Ctx, input: InputFor<'runs.get'>): Promise<AnswerTo<'runs.get'>> {
  const run = toUuid('run', input.runId)
  return withOrg(ctx, async (tx) => {
    // The payloads are read second: if the run ends in between, the answer has a result with the earlier status, never an end without a
    // result.
    const row = orProblem(await selectRun(tx, ctx.org, run), 'run.not_found', `There is no run ${input.runId}.`)
    const payloads = orProblem(await selectPayloads(tx, ctx.org, run), 'run.not_found', `There is no run ${input.runId}.`)
    const { input: given, output, error } = payloads
    return { ...toSummary(row), input: given, output, error: toFailure(error), reason: row.reason, scopes: [...(row.scopes ?? [])] }
  })
}
