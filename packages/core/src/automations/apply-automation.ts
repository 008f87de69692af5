import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, canonicalJson, type InputFor, type Transaction, withOrg } from '@orrery/kernel'
import { type AutomationRow, toAutomation } from './automation-row.ts'
import { lockAutomationNamed, lockName } from './automation-store.ts'
import { nameOf } from './definition/read-definition.ts'
import { saveAutomation } from './save-automation.ts'
import { selectTriggers } from './trigger-store.ts'

/** The same file may be applied as often as one likes: nothing changes until it does. */
export function applyAutomation(ctx: Ctx, input: InputFor<'automations.apply'>): Promise<AnswerTo<'automations.apply'>> {
  return withOrg(ctx, async (tx) => {
    const name = nameOf(input)
    const before = name === null ? null : await lockForApply(tx, ctx.org, name)
    if (before !== null && canonicalJson(before.definition) === canonicalJson(input)) {
      const triggers = await selectTriggers(tx, ctx.org, before.automation_id)
      ctx.note(encodeId('aut', before.automation_id), { name: before.name, outcome: 'unchanged' })
      return { ...toAutomation(before, triggers, ctx.clock.now()), outcome: 'unchanged' }
    }
    const { row, triggers, warnings } = await saveAutomation(ctx, tx, input, { before })
    return { ...toAutomation(row, triggers, ctx.clock.now(), warnings), outcome: before === null ? 'created' : 'updated' }
  })
}

/** Of two who apply a new one at the same moment, the second sees what the first has made. */
async function lockForApply(tx: Transaction, org: string, name: string): Promise<AutomationRow | null> {
  const known = await lockAutomationNamed(tx, org, name)
  if (known !== null) return known
  await lockName(tx, org, name)
  return lockAutomationNamed(tx, org, name)
}
