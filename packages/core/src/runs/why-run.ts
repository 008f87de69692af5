import { type AnswerTo, type Ctx, type InputFor, orProblem, toUuid, withOrg } from '@orrery/kernel'
import { toWait } from './run.ts'
import { selectRun } from './run-store.ts'

export async function whyRun(ctx: Ctx, input: InputFor<'runs.why'>): Promise<AnswerTo<'runs.why'>> {
  const run = toUuid('run', input.runId)
  const row = await withOrg(ctx, (tx) => selectRun(tx, ctx.org, run))
  const known = orProblem(row, 'run.not_found', `There is no run ${input.runId}.`)
  const why = await ctx.engine.why(ctx.org, run)
  const summary = known.finished_at === null ? why.summary : `The run has ended: ${known.status}.`
  return { runId: input.runId, state: why.state, summary, waits: why.waits.map(toWait), facts: { ...why.facts } }
}
