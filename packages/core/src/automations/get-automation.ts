import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { toAutomation } from './automation-row.ts'
import { findAutomation } from './automation-store.ts'
import { selectTriggers } from './trigger-store.ts'

export function getAutomation(ctx: Ctx, input: InputFor<'automations.get'>): Promise<AnswerTo<'automations.get'>> {
  return withOrg(ctx, async (tx) => {
    const row = await findAutomation(tx, ctx.org, input.automation)
    return toAutomation(row, await selectTriggers(tx, ctx.org, row.automation_id), ctx.clock.now())
  })
}
