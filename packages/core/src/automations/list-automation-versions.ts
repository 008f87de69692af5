import { type AnswerTo, type Ctx, decodeCursor, type InputFor, NUMBER_FORM, toPage, withOrg } from '@orrery/kernel'
import { findAutomation, selectVersions } from './automation-store.ts'

export function listAutomationVersions(ctx: Ctx, input: InputFor<'automations.versions'>): Promise<AnswerTo<'automations.versions'>> {
  return withOrg(ctx, async (tx) => {
    const [before] = decodeCursor(input.cursor, [NUMBER_FORM]) ?? []
    const { automation_id: automation } = await findAutomation(tx, ctx.org, input.automation)
    const rows = await selectVersions(tx, ctx.org, automation, before === undefined ? null : Number(before), input.limit + 1)
    return toPage(
      rows,
      input.limit,
      (row) => ({ ...row, at: row.at.toISOString() }),
      (row) => [row.version],
    )
  })
}
