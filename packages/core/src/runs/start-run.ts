import type { AnswerTo, Ctx, InputFor } from '@orrery/kernel'
import { startAudited } from '../starts/start-audited.ts'
import { startDetail, toStartRequest } from '../starts/start-request.ts'
import { requireUnreserved } from '../workflows/reserved-names.ts'

export function startRun(ctx: Ctx, input: InputFor<'runs.start'>): Promise<AnswerTo<'runs.start'>> {
  requireUnreserved(input.workflow)
  return startAudited(ctx, startDetail(input), (companions) => toStartRequest(ctx, input, companions))
}
