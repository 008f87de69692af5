import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { startAudited } from '../starts/start-audited.ts'
import { startDetail, toStartRequest } from '../starts/start-request.ts'
import { refuseReserved } from '../workflows/reserved-names.ts'

export function startRun(ctx: Ctx, input: InputFor<'runs.start'>): Promise<AnswerTo<'runs.start'>> {
  refuseReserved(input.workflow)
  return startAudited(ctx, startDetail(input), (companions) => toStartRequest(ctx, input, companions))
}
