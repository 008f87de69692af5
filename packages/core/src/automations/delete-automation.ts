import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { toAutomation } from './automation-row.ts'
import { lockAutomation, removeAutomation } from './automation-store.ts'
import { emitAutomationEvent } from './emit-automation-event.ts'
import { toFiringContext } from './firing-context.ts'
import { selectTriggers } from './trigger-store.ts'

export function deleteAutomation(ctx: Ctx, input: InputFor<'automations.delete'>): Promise<AnswerTo<'automations.delete'>> {
  return withOrg(ctx, async (tx) => {
    const row = await lockAutomation(tx, ctx.org, input.automation)
    const triggers = await selectTriggers(tx, ctx.org, row.automation_id)
    await removeAutomation(tx, ctx.org, row.automation_id)
    await emitAutomationEvent(toFiringContext(ctx, tx), 'automation.deleted', row)
    ctx.note(encodeId('aut', row.automation_id), { name: row.name })
    return toAutomation(row, triggers, ctx.clock.now())
  })
}
