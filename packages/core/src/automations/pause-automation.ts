import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { toAutomation } from './automation-row.ts'
import { lockAutomation } from './automation-store.ts'
import { toFiringContext } from './firing-context.ts'
import { setPaused } from './state/set-paused.ts'
import { selectTriggers } from './trigger-store.ts'

/** If the automation is paused already, only a new note changes it. */
export function pauseAutomation(ctx: Ctx, input: InputFor<'automations.pause'>): Promise<AnswerTo<'automations.pause'>> {
  return withOrg(ctx, async (tx) => {
    const before = await lockAutomation(tx, ctx.org, input.automation)
    ctx.note(encodeId('aut', before.automation_id), { name: before.name, ...(input.note === undefined ? {} : { note: input.note }) })
    const isNew = before.status !== 'paused' || input.note !== undefined
    const row = isNew ? await setPaused(toFiringContext(ctx, tx), before, input.note ?? null) : before
    return toAutomation(row, await selectTriggers(tx, ctx.org, row.automation_id), ctx.clock.now())
  })
}
