import { type AnswerTo, type Ctx, decodeCursor, type InputFor, toPage, UUID_FORM, withOrg } from '@orrery/kernel'
import { toSummary } from './automation-row.ts'
import { selectAutomations } from './automation-store.ts'

export async function listAutomations(ctx: Ctx, input: InputFor<'automations.list'>): Promise<AnswerTo<'automations.list'>> {
  const [before = null] = decodeCursor(input.cursor, [UUID_FORM]) ?? []
  const nowMs = ctx.clock.now()
  const filter = { status: input.status, text: input.text, now: new Date(nowMs), before, limit: input.limit + 1 }
  const rows = await withOrg(ctx, (tx) => selectAutomations(tx, ctx.org, filter))
  return toPage(
    rows,
    input.limit,
    (row) => toSummary(row, nowMs),
    (row) => [row.automation_id],
  )
}
