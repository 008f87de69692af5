import { encodeId } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import type { StoredRequest } from './automation-row.ts'
import { lockAutomation } from './automation-store.ts'
import { requestRun } from './firing/request-run.ts'
import { toFiring } from './firing/to-firing.ts'

export function runAutomationNow(ctx: Ctx, input: InputFor<'automations.runNow'>): Promise<AnswerTo<'automations.runNow'>> {
  return withOrg(ctx, async (tx) => {
    const automation = await lockAutomation(tx, ctx.org, input.automation)
    const row = await requestRun(ctx, tx, automation, { atMs: null, request: toRequest(input) })
    const firing = toFiring({ ...row, run_status: null })
    ctx.note(encodeId('aut', automation.automation_id), { name: automation.name, outcome: row.outcome })
    return { firing, runId: firing.runId }
  })
}

const toRequest = ({ params, event, overlap }: InputFor<'automations.runNow'>): StoredRequest => ({
  ...(params === undefined ? {} : { params }),
  ...(event === undefined ? {} : { event }),
  ...(overlap === undefined ? {} : { overlap }),
})
