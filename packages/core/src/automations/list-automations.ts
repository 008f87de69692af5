import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { decodeCursor, toPage, UUID_FORM } from '../cursor.ts'
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
