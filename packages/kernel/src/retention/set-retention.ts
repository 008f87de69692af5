import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'
import type { AnswerTo, InputFor } from '../context/implementation.ts'
import { withOrg } from '../context/with-org.ts'
import { emitEvent } from '../events/append-events.ts'
import { toRetention } from './get-retention.ts'
import { selectRetention, upsertRetention } from './retention-store.ts'

export async function setRetention(ctx: Ctx, input: InputFor<'retention.set'>): Promise<AnswerTo<'retention.set'>> {
  const { runDays, eventDays, toolCallDays, firingDays } = input
  const given = Object.entries({ run_days: runDays, event_days: eventDays, tool_call_days: toolCallDays, firing_days: firingDays })
  const change = Object.fromEntries(given.filter(([, days]) => days !== undefined))
  if (Object.keys(change).length === 0) {
    throw problem('invalid_input', 'Nothing would change.', {
      errors: [
        {
          path: 'runDays',
          message: 'Pass at least one of runDays, eventDays, toolCallDays and firingDays',
          expected: 'a number of days, or null',
        },
      ],
    })
  }
  const now = new Date(ctx.clock.now())
  const row = await withOrg(ctx, async (tx) => {
    await upsertRetention(tx, ctx.org, { ...change, updated_at: now, next_at: now })
    return selectRetention(tx, ctx.org)
  })
  const answer = toRetention(row)
  const { updatedAt, ...days } = answer
  await emitEvent(ctx, 'retention.set', ctx.actor.id, days)
  ctx.note('retention', days)
  return answer
}
