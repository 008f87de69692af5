import { encodeId, problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, durationMs, type InputFor, withOrg } from '@orrery/kernel'
import { type AutomationRow, toAutomation } from './automation-row.ts'
import { changeAutomation, lockAutomation } from './automation-store.ts'
import { emitAutomationEvent } from './emit-automation-event.ts'
import { toFiringContext } from './firing-context.ts'
import { planTriggers } from './state/plan-triggers.ts'
import { lockTriggers } from './trigger-store.ts'

export function snoozeAutomation(ctx: Ctx, input: InputFor<'automations.snooze'>): Promise<AnswerTo<'automations.snooze'>> {
  return withOrg(ctx, async (tx) => {
    const context = toFiringContext(ctx, tx)
    const until = readUntil(input, context.nowMs)
    const before = await lockAutomation(tx, ctx.org, input.automation)
    const row: AutomationRow = { ...before, snoozed_until: until, note: input.note ?? before.note, updated_at: new Date(context.nowMs) }
    await changeAutomation(tx, row)
    const triggers = await planTriggers(context, row, await lockTriggers(tx, ctx.org, row.automation_id), { kind: 'unchanged' })
    await emitAutomationEvent(context, 'automation.snoozed', row, { until: until.toISOString() })
    ctx.note(encodeId('aut', row.automation_id), { name: row.name, until: until.toISOString() })
    return toAutomation(row, triggers, context.nowMs)
  })
}

/** @throws invalid_input */
function readUntil({ until, for: length }: InputFor<'automations.snooze'>, nowMs: number): Date {
  if ((until === undefined) === (length === undefined)) {
    const error = { path: 'until', message: 'Exactly one of until and for must be given', expected: 'one of until and for' }
    throw problem('invalid_input', 'Give either until or for.', { errors: [error] })
  }
  const at = length === undefined ? Date.parse(until ?? '') : nowMs + durationMs(length, 'for')
  if (at > nowMs && at < UNTIL_MAX_MS) return new Date(at)
  const path = length === undefined ? 'until' : 'for'
  const error = { path, message: 'Not in the future, or too far in it', expected: 'a future time before the year 10000' }
  throw problem('invalid_input', 'A snooze must end in the future, before the year 10000.', { errors: [error] })
}

const UNTIL_MAX_MS = Date.parse('9999-12-31T23:59:59.999Z')
