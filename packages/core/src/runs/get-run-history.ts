import { type AnswerTo, type Ctx, decodeCursor, type InputFor, NUMBER_FORM, orProblem, toPage, toUuid, withOrg } from '@orrery/kernel'
import { toFailure, toPipelineStep } from './run.ts'
import { type HistoryRow, selectHistory, selectRun } from './run-store.ts'

export async function getRunHistory(ctx: Ctx, input: InputFor<'runs.history'>): Promise<AnswerTo<'runs.history'>> {
  const run = toUuid('run', input.runId)
  const [after = '0'] = decodeCursor(input.cursor, [NUMBER_FORM]) ?? []
  return withOrg(ctx, async (tx) => {
    const rows = await selectHistory(tx, ctx.org, run, Number(after), input.limit + 1)
    if (rows.length === 0) orProblem(await selectRun(tx, ctx.org, run), 'run.not_found', `There is no run ${input.runId}.`)
    return toPage(rows, input.limit, toEntry, (row) => [row.seq])
  })
}

function toEntry(row: HistoryRow): AnswerTo<'runs.history'>['items'][number] {
  const { seq, kind, cmd, name, attempt, input, output } = row
  return {
    seq,
    kind,
    cmd,
    name,
    step: toPipelineStep(row),
    attempt,
    input,
    output: kind === 'attempt' && typeof output === 'number' ? new Date(output).toISOString() : output,
    error: toFailure(row.error),
    startedAt: row.started_at.toISOString(),
    at: row.at.toISOString(),
  }
}
