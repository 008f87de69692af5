import { encodeId, problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, newId, withOrg } from '@orrery/kernel'
import { lockAutomation } from './automation-store.ts'
import { insertBackfill } from './backfill-store.ts'
import { askTimetable } from './definition/ask-timetable.ts'
import { explainIssues, isSchedule } from './definition/to-timetable.ts'
import { toFiringContext } from './firing-context.ts'
import { pickTrigger } from './pick-trigger.ts'
import type { BackfillPlan } from './planning/plan-backfill.ts'
import { readSources } from './state/plan-triggers.ts'
import { selectTriggers } from './trigger-store.ts'

/** Only records the request. A scheduler of any process starts the runs in rounds, so the backfill survives this process. */
export function backfillAutomation(ctx: Ctx, input: InputFor<'automations.backfill'>): Promise<AnswerTo<'automations.backfill'>> {
  return withOrg(ctx, async (tx) => {
    const context = toFiringContext(ctx, tx)
    const row = await lockAutomation(tx, ctx.org, input.automation)
    const schedules = (await selectTriggers(tx, ctx.org, row.automation_id)).filter(isSchedule)
    const trigger = pickTrigger(row, schedules, input.trigger)
    const range = { fromMs: Date.parse(input.from), toMs: Date.parse(input.to) }
    const query = { trigger: trigger.definition, triggerId: trigger.trigger_id, args: { range, nowMs: context.nowMs } }
    const found = await askTimetable(context, await readSources(context, [trigger]), 'backfill', query)
    if (!found.ok) throw problem('schedule.invalid', explainIssues(found.issues))
    const plan = found.value
    if (plan.kind === 'refused') throw toRefusal(plan)
    const occurrences = plan.nominalsMs.length + plan.left
    const [firstMs] = plan.nominalsMs
    const backfill = {
      org_id: ctx.org,
      automation_id: row.automation_id,
      backfill_id: newId(context.nowMs),
      trigger_id: trigger.trigger_id,
      trigger_key: trigger.key,
      from_at: new Date(range.fromMs),
      to_at: new Date(range.toMs),
      rest_at: new Date(firstMs ?? range.toMs),
      overlap: input.overlap,
      requested_at: new Date(context.nowMs),
      wakes_at: firstMs === undefined ? null : new Date(context.nowMs),
      trouble: null,
    }
    await insertBackfill(tx, backfill)
    if (firstMs !== undefined) context.afterCommit(() => context.engine.announceDue(context.nowMs))
    const id = encodeId('bkf', backfill.backfill_id)
    ctx.note(encodeId('aut', row.automation_id), { name: row.name, backfill: id, from: input.from, to: input.to, occurrences })
    return { id, occurrences }
  })
}

function toRefusal({ reason }: Extract<BackfillPlan, { kind: 'refused' }>): Error {
  const refuse = (path: string, message: string) => problem('invalid_input', `${path}: ${message}.`, { errors: [{ path, message }] })
  switch (reason) {
    case 'reversed':
      return refuse('to', 'Must not be before from')
    case 'in_future':
      return refuse('to', 'Must not be in the future: the schedule itself fires future occurrences')
    case 'too_many':
      return refuse('from', 'More than 10,000 occurrences; take a shorter range')
    case 'limit':
      return refuse('from', 'The search for occurrences reached its limit; take a shorter range')
  }
}
