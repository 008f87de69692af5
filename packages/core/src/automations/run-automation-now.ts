import { encodeId, type OutputOf } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { newId } from '../new-id.ts'
import { withOrg } from '../context/with-org.ts'
import type { StoredRequest } from './automation-row.ts'
import { lockAutomation } from './automation-store.ts'
import { fireByHand } from './firing/fire-by-hand.ts'
import { sceneOf } from './firing/firing-scene.ts'
import { toFiring } from './firing/to-firing.ts'

export function runAutomationNow(ctx: Ctx, input: InputFor<'automations.runNow'>): Promise<AnswerTo<'automations.runNow'>> {
  return withOrg(ctx, async (tx) => {
    const scene = sceneOf(ctx, tx)
    const automation = await lockAutomation(tx, ctx.org, input.automation)
    const cause = { kind: 'manual', requestId: newId(scene.nowMs), requestedAtMs: scene.nowMs } as const
    const row = await fireByHand(scene, automation, cause, toRequest(input))
    const firing: OutputOf<'automations.firings'>['items'][number] = toFiring({ ...row, run_status: null })
    ctx.note(encodeId('aut', automation.automation_id), { name: automation.name, outcome: row.outcome })
    return { firing, runId: firing.runId }
  })
}

const toRequest = ({ params, event, overlap }: InputFor<'automations.runNow'>): StoredRequest => ({
  ...(params === undefined ? {} : { params }),
  ...(event === undefined ? {} : { event }),
  ...(overlap === undefined ? {} : { overlap }),
})
