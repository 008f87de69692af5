import { encodeId, problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, durationMs, type InputFor, withOrg } from '@orrery/kernel'
import { lockAutomation } from './automation-store.ts'
import { requestRun } from './firing/request-run.ts'
import { toFiring } from './firing/to-firing.ts'

export function runAutomationAt(ctx: Ctx, input: InputFor<'automations.runAt'>): Promise<AnswerTo<'automations.runAt'>> {
  return withOrg(ctx, async (tx) => {
    const automation = await lockAutomation(tx, ctx.org, input.automation)
    const request = input.params === undefined ? {} : { params: input.params }
    const row = await requestRun(ctx, tx, automation, { atMs: readTime(ctx, input), request })
    const firing = toFiring({ ...row, run_status: null })
    ctx.note(encodeId('aut', automation.automation_id), { name: automation.name, at: firing.firesAt })
    return { firing }
  })
}

function readTime(ctx: Ctx, { at, delay }: InputFor<'automations.runAt'>): number {
  const now = Math.floor(ctx.clock.now())
  if ((at === undefined) === (delay === undefined)) {
    const error = { path: 'at', message: 'Exactly one of at and delay must be given', expected: 'a time, or a delay such as 2h' }
    throw problem('invalid_input', 'Give either at or delay.', { errors: [error] })
  }
  return Math.max(now, at === undefined ? now + durationMs(delay ?? '', 'delay') : Date.parse(at))
}
