import type { Ctx } from '../context/context.ts'
import type { AnswerTo } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { type RetentionRow, selectRetention } from './retention-store.ts'

export async function getRetention(ctx: Ctx): Promise<AnswerTo<'retention.get'>> {
  return toRetention(await withOrg(ctx, (tx) => selectRetention(tx, ctx.org)))
}

/** The public form. @param row undefined: nothing was set */
export function toRetention(row: RetentionRow | undefined): AnswerTo<'retention.get'> {
  return {
    runDays: row?.run_days ?? null,
    eventDays: row?.event_days ?? null,
    toolCallDays: row?.tool_call_days ?? null,
    firingDays: row?.firing_days ?? null,
    updatedAt: row?.updated_at.toISOString() ?? null,
  }
}
