import { decodeId, type Json } from '@orrery/contract'
import type { ConsumedEvent, Kernel } from '@orrery/kernel'
import type { Condition, StoredCondition } from '../automation-row.ts'
import { judgeCondition } from '../planning/judge-condition.ts'
import { inScene } from '../scene.ts'
import { writeCondition } from '../trigger-store.ts'
import { isDone, lockEvaluated, modeOf, stateOf } from './condition-state.ts'
import { fireOnce } from './fire-once.ts'
import { judgeExpression } from './judge-expression.ts'
import type { Listener } from './listen-to-topics.ts'
import { noteTrouble } from './note-trouble.ts'

/** Fires a trigger for an event that its topic matches, if its expression says so. Doing it again changes nothing. */
export async function reactToEvent(host: Kernel, listener: Listener, consumed: ConsumedEvent): Promise<void> {
  const { definition } = listener
  const { org, event } = consumed
  const expression = definition.type === 'event' ? definition.filter : definition.condition
  const value = await judge(host, listener, consumed, expression)
  if (value === null) return
  if (definition.type === 'condition') return await meetCondition(host, { ...listener, definition }, consumed, value)
  if (!value) return
  const call = {
    triggerId: listener.triggerId,
    cause: { kind: 'event', eventId: event.id, atMs: Date.parse(event.at) } as const,
    event: event as unknown as Json,
  }
  await inScene(host, org, (scene) => fireOnce(scene, call, causeOf(consumed)))
}

/** Null: the expression has no value for this event, which is shown as the trigger's trouble. */
async function judge({ database }: Kernel, listener: Listener, { org, event }: ConsumedEvent, expression: string | undefined) {
  const names = { event: event as unknown as Json }
  const at = { nowMs: Date.parse(event.at), timezone: listener.timezone }
  const judged = expression === undefined ? ({ ok: true, value: true } as const) : judgeExpression(expression, names, at)
  if (!judged.ok) await noteTrouble(database, org, listener.triggerId, `${event.type} ${event.id}: ${judged.message}`)
  else if (listener.isTroubled) await noteTrouble(database, org, listener.triggerId, null)
  return judged.ok ? judged.value : null
}

async function meetCondition(
  host: Kernel,
  { triggerId, definition, condition }: Listener & { readonly definition: Condition },
  consumed: ConsumedEvent,
  value: boolean,
): Promise<void> {
  const { org, event } = consumed
  const atMs = Date.parse(event.at)
  const mode = modeOf(definition)
  const isNews = (stored: StoredCondition | null) => stateOf(stored).value !== value || mode.kind === 'level'
  // Most evaluations say what the last one said; they write nothing.
  if (!isNews(condition()) || isDone(condition(), event.id)) return
  await inScene(host, org, async (scene) => {
    const row = await lockEvaluated(scene.tx, org, triggerId, definition)
    if (row === null || isDone(row.condition, event.id)) return
    const before = stateOf(row.condition)
    // Two firings of one condition are never at the same instant: it is what tells them apart.
    const nowMs = Math.max(atMs, (before.firedAtMs ?? -1) + 1)
    const { isFiring, state } = judgeCondition(mode, before, value, nowMs)
    const after = { ...state, eventId: event.id }
    await writeCondition(scene.tx, org, triggerId, after)
    const call = { triggerId, cause: { kind: 'condition', atMs: nowMs } as const, event: event as unknown as Json }
    if (isFiring) await fireOnce(scene, call, causeOf(consumed))
    scene.afterCommit(() => condition(after))
  })
}

/** The run behind an event; a firing is told of under the id of its run, also when none began. */
function causeOf({ event, run }: ConsumedEvent): string | null {
  if (run !== null || event.type !== 'automation.fired') return run
  const { firingId } = event.data as { readonly firingId?: unknown }
  return typeof firingId === 'string' ? decodeId('fir', firingId) : null
}
