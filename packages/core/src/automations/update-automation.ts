import { automationDefinition, problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, validateInput, withOrg } from '@orrery/kernel'
import { z } from 'zod'
import { toAutomation } from './automation-row.ts'
import { lockAutomation } from './automation-store.ts'
import { saveAutomation } from './save-automation.ts'

export function updateAutomation(ctx: Ctx, input: InputFor<'automations.update'>): Promise<AnswerTo<'automations.update'>> {
  return withOrg(ctx, async (tx) => {
    const { automation, ifVersion, annotations, ...change } = input
    const before = await lockAutomation(tx, ctx.org, automation)
    if (ifVersion !== undefined && before.version !== ifVersion) {
      throw problem('automation.version_conflict', `The automation ${before.name} has version ${before.version}, not ${ifVersion}.`)
    }
    const given = Object.entries(change).filter(([, value]) => value !== undefined)
    // A name that was derived from a title stays when the title changes.
    const whole = Object.entries({ ...before.definition, name: before.name, ...Object.fromEntries(given) }).filter(
      ([, value]) => value !== null,
    )
    const definition = validateInput(z.object(automationDefinition.shape), Object.fromEntries(whole)) as typeof before.definition
    const { row, triggers, warnings } = await saveAutomation(ctx, tx, definition, {
      before,
      ...(annotations === undefined ? {} : { annotations }),
    })
    return toAutomation(row, triggers, ctx.clock.now(), warnings)
  })
}
