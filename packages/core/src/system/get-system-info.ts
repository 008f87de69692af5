import type { AnswerTo, Ctx } from '@orrery/kernel'

export async function getSystemInfo(ctx: Ctx): Promise<AnswerTo<'system.info'>> {
  return { name: 'orrery', version: ctx.kernel.version, api: 'v1', now: new Date(ctx.clock.now()).toISOString() }
}
