import { encodeId } from '@orrery/contract'
import { canonicalJson } from '../canonical-json.ts'
import type { Ctx } from '../context.ts'
import type { AnswerTo, InputFor } from '../implementation.ts'
import { withOrg } from '../with-org.ts'
import { toAutomation } from './automation-row.ts'
import { lockAutomationNamed } from './automation-store.ts'
import { nameOf } from './definition/read-definition.ts'
import { saveAutomation } from './save-automation.ts'
import { selectTriggers } from './trigger-store.ts'

/** The same file may be applied as often as one likes: nothing changes until it does. */
export function applyAutomation(ctx: Ctx, input: InputFor<'automations.apply'>): Promise<AnswerTo<'automations.apply'>> {
  return withOrg(ctx, async (tx) => {
    const name = nameOf(input)
    const before = name === null ? null : await lockAutomationNamed(tx, ctx.org, name)
    if (before !== null && canonicalJson(before.definition) === canonicalJson(input)) {
      const triggers = await selectTriggers(tx, ctx.org, before.automation_id)
      ctx.note(encodeId('aut', before.automation_id), { name: before.name, outcome: 'unchanged' })
      return { ...toAutomation(before, triggers, ctx.clock.now()), outcome: 'unchanged' }
    }
    const { row, triggers, warnings } = await saveAutomation(ctx, tx, input, { before })
    return { ...toAutomation(row, triggers, ctx.clock.now(), warnings), outcome: before === null ? 'created' : 'updated' }
  })
}
