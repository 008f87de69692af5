import { type AnswerTo, type Ctx, decodeCursor, type InputFor, NUMBER_FORM, orProblem, toPage, toUuid, withOrg } from '@orrery/kernel'
import { toLevel } from './run.ts'
import { type LogRow, selectLogs, selectRun } from './run-store.ts'

export async function listRunLogs(ctx: Ctx, input: InputFor<'runs.logs'>): Promise<AnswerTo<'runs.logs'>> {
  const run = toUuid('run', input.runId)
  const [after = '0'] = decodeCursor(input.cursor, [NUMBER_FORM]) ?? []
  return withOrg(ctx, async (tx) => {
    const rows = await selectLogs(tx, ctx.org, run, after, input.limit + 1)
    if (rows.length === 0) orProblem(await selectRun(tx, ctx.org, run), 'run.not_found', `There is no run ${input.runId}.`)
    return toPage(rows, input.limit, toLine, (row) => [row.id])
  })
}

function toLine(row: LogRow): AnswerTo<'runs.logs'>['items'][number] {
  const { cmd, step, attempt, message } = row
  return { cmd, step, attempt, at: row.at.toISOString(), level: toLevel(row.level), message, data: row.data }
}
