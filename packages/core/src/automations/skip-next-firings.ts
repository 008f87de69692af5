import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { toAutomation } from './automation-row.ts'
import { lockAutomation } from './automation-store.ts'
import { pickTrigger } from './pick-trigger.ts'
import { lockTriggers, writeStates } from './trigger-store.ts'

export function skipNextFirings(ctx: Ctx, input: InputFor<'automations.skipNext'>): Promise<AnswerTo<'automations.skipNext'>> {
  return withOrg(ctx, async (tx) => {
    const row = await lockAutomation(tx, ctx.org, input.automation)
    const triggers = await lockTriggers(tx, ctx.org, row.automation_id)
    const picked = pickTrigger(row, triggers, input.trigger)
    const changed = { ...picked, skip_next: input.count }
    await writeStates(tx, ctx.org, [changed])
    ctx.note(encodeId('aut', row.automation_id), { name: row.name, trigger: picked.key, count: input.count })
    const all = triggers.map((one) => (one.trigger_id === picked.trigger_id ? changed : one))
    return toAutomation(row, all, ctx.clock.now())
  })
}
