import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { toAutomation } from './automation-row.ts'
import { lockAutomation } from './automation-store.ts'
import { toFiringContext } from './firing-context.ts'
import { setActive } from './state/set-active.ts'

/** If the automation is neither paused nor snoozed, this only resets its count of failures. */
export function resumeAutomation(ctx: Ctx, input: InputFor<'automations.resume'>): Promise<AnswerTo<'automations.resume'>> {
  return withOrg(ctx, async (tx) => {
    const before = await lockAutomation(tx, ctx.org, input.automation)
    ctx.note(encodeId('aut', before.automation_id), { name: before.name })
    const { row, triggers } = await setActive(toFiringContext(ctx, tx), before)
    return toAutomation(row, triggers, ctx.clock.now())
  })
}
