import { decodeId, type Json } from '@orrery/contract'
import type { ConsumedEvent, Kernel } from '@orrery/kernel'
import type { Condition, StoredCondition } from '../automation-row.ts'
import { transactAsAutomations } from '../firing-context.ts'
import { decideCondition } from '../planning/decide-condition.ts'
import { writeCondition } from '../trigger-store.ts'
import { isHandled, lockConditionIfUnchanged, modeOf, stateOf } from './condition-state.ts'
import { evaluateTriggerExpression } from './evaluate-trigger-expression.ts'
import { fireUnlessLoop } from './fire-unless-loop.ts'
import type { Listener } from './listen-to-topics.ts'
import { recordTrouble } from './record-trouble.ts'

/** Fires a trigger for an event whose topic matches, if the trigger's expression is true. A repeated call for one event changes nothing. */
export async function reactToEvent(kernel: Kernel, listener: Listener, consumed: ConsumedEvent): Promise<void> {
  const { definition } = listener
  const { org, event } = consumed
  const expression = definition.type === 'event' ? definition.filter : definition.condition
  const value = await evaluate(kernel, listener, consumed, expression)
  if (value === null) return
  if (definition.type === 'condition') return await updateCondition(kernel, { ...listener, definition }, consumed, value)
  if (!value) return
  const call = {
    triggerId: listener.triggerId,
    cause: { kind: 'event', eventId: event.id, atMs: Date.parse(event.at) } as const,
    event: event as unknown as Json,
  }
  await transactAsAutomations(kernel, org, (context) => fireUnlessLoop(context, call, causeOf(consumed)))
}

/** Null: the expression has no value for this event. The reason is recorded as the trigger's trouble. */
async function evaluate({ database }: Kernel, listener: Listener, { org, event }: ConsumedEvent, expression: string | undefined) {
  const names = { event: event as unknown as Json }
  const at = { nowMs: Date.parse(event.at), timezone: listener.timezone }
  const judged = expression === undefined ? ({ ok: true, value: true } as const) : evaluateTriggerExpression(expression, names, at)
  if (!judged.ok) await recordTrouble(database, org, listener.triggerId, `${event.type} ${event.id}: ${judged.message}`)
  else if (listener.isTroubled) await recordTrouble(database, org, listener.triggerId, null)
  return judged.ok ? judged.value : null
}

async function updateCondition(
  kernel: Kernel,
  { triggerId, definition, condition }: Listener & { readonly definition: Condition },
  consumed: ConsumedEvent,
  value: boolean,
): Promise<void> {
  const { org, event } = consumed
  const atMs = Date.parse(event.at)
  const mode = modeOf(definition)
  const isNews = (stored: StoredCondition | null) => stateOf(stored).value !== value || mode.kind === 'level'
  // Most evaluations have the same value as the last one, and then nothing is written.
  if (!isNews(condition()) || isHandled(condition(), event.id)) return
  await transactAsAutomations(kernel, org, async (context) => {
    const row = await lockConditionIfUnchanged(context.tx, org, triggerId, definition)
    if (row === null || isHandled(row.condition, event.id)) return
    const before = stateOf(row.condition)
    // The instant identifies a firing of a condition, so two of them never share one.
    const nowMs = Math.max(atMs, (before.firedAtMs ?? -1) + 1)
    const { isFiring, state } = decideCondition(mode, before, value, nowMs)
    const after = { ...state, eventId: event.id }
    await writeCondition(context.tx, org, triggerId, after)
    const call = { triggerId, cause: { kind: 'condition', atMs: nowMs } as const, event: event as unknown as Json }
    if (isFiring) await fireUnlessLoop(context, call, causeOf(consumed))
    context.afterCommit(() => condition(after))
  })
}

/** The run that caused an event. For `automation.fired`, that is the run of the firing, whose id it has even if no run began. */
function causeOf({ event, run }: ConsumedEvent): string | null {
  if (run !== null || event.type !== 'automation.fired') return run
  const { firingId } = event.data as { readonly firingId?: unknown }
  return typeof firingId === 'string' ? decodeId('fir', firingId) : null
}
