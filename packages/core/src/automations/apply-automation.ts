import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, canonicalJson, type InputFor, type Transaction, withOrg } from '@orrery/kernel'
import { type AutomationRow, toAutomation } from './automation-row.ts'
import { lockAutomationNamed, lockName } from './automation-store.ts'
import { nameOf } from './definition/read-definition.ts'
import { saveAutomation } from './save-automation.ts'
import { selectTriggers } from './trigger-store.ts'

/** Creates or updates by name. Applying a definition that did not change does nothing. */
export function applyAutomation(ctx: Ctx, input: InputFor<'automations.apply'>): Promise<AnswerTo<'automations.apply'>> {
  return withOrg(ctx, async (tx) => {
    const { annotations, ...definition } = input
    const name = nameOf(definition)
    const before = name === null ? null : await lockForApply(tx, ctx.org, name)
    const isAnnotated = annotations !== undefined && canonicalJson(before?.annotations ?? {}) !== canonicalJson(annotations)
    if (before !== null && !isAnnotated && canonicalJson(before.definition) === canonicalJson(definition)) {
      const triggers = await selectTriggers(tx, ctx.org, before.automation_id)
      ctx.note(encodeId('aut', before.automation_id), { name: before.name, outcome: 'unchanged' })
      return { ...toAutomation(before, triggers, ctx.clock.now()), outcome: 'unchanged' }
    }
    const { row, triggers, warnings } = await saveAutomation(ctx, tx, definition, {
      before,
      ...(annotations === undefined ? {} : { annotations }),
    })
    return { ...toAutomation(row, triggers, ctx.clock.now(), warnings), outcome: before === null ? 'created' : 'updated' }
  })
}

/** If two calls apply the same new name at once, the second waits, and then finds the automation that the first created. */
async function lockForApply(tx: Transaction, org: string, name: string): Promise<AutomationRow | null> {
  const known = await lockAutomationNamed(tx, org, name)
  if (known !== null) return known
  await lockName(tx, org, name)
  return lockAutomationNamed(tx, org, name)
}
