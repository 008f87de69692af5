import { type AnswerTo, type Ctx, decodeCursor, type InputFor, TIME_FORM, toPage, UUID_FORM, withOrg } from '@orrery/kernel'
import { findAutomation } from './automation-store.ts'
import { toFiring } from './firing/to-firing.ts'
import { selectFirings } from './firing-store.ts'

export function listFirings(ctx: Ctx, input: InputFor<'automations.firings'>): Promise<AnswerTo<'automations.firings'>> {
  return withOrg(ctx, async (tx) => {
    const [at, id] = decodeCursor(input.cursor, [TIME_FORM, UUID_FORM]) ?? []
    const before = at === undefined || id === undefined ? null : { at, id }
    const { automation_id: automation } = await findAutomation(tx, ctx.org, input.automation)
    const rows = await selectFirings(tx, ctx.org, automation, { outcome: input.outcome, before, limit: input.limit + 1 })
    return toPage(rows, input.limit, toFiring, (row) => [row.decided_at.toISOString(), row.firing_id])
  })
}
