import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { toAutomation } from './automation-row.ts'
import { saveAutomation } from './save-automation.ts'

export function createAutomation(ctx: Ctx, input: InputFor<'automations.create'>): Promise<AnswerTo<'automations.create'>> {
  return withOrg(ctx, async (tx) => {
    const { annotations, ...definition } = input
    const { row, triggers, warnings } = await saveAutomation(ctx, tx, definition, {
      before: null,
      ...(annotations === undefined ? {} : { annotations }),
    })
    return toAutomation(row, triggers, ctx.clock.now(), warnings)
  })
}
