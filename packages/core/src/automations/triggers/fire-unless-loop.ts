import type { RunId } from '@orrery/engine'
import { type Fired, fireTrigger, type TriggerCall } from '../firing/fire-trigger.ts'
import type { FiringContext } from '../firing-context.ts'
import { insertSkippedFiring, selectDepth, setDepth } from '../firing-store.ts'
import { findLoop } from '../planning/find-loop.ts'
import { firingId } from '../planning/firing-id.ts'
import { selectAutomationOf } from '../trigger-store.ts'

/**
 * Fires a trigger for an event that a run may have caused: `causedBy` emitted the event, or is its subject. Each firing stores how many
 * firings led to it. One that exceeds the limit is recorded as skipped, so that automations that start each other stop.
 */
export async function fireUnlessLoop(context: FiringContext, call: TriggerCall, causedBy: RunId | null): Promise<Fired | null> {
  const { tx, org } = context
  const depth = causedBy === null ? 0 : await selectDepth(tx, org, causedBy)
  const reason = findLoop(depth)
  if (reason !== null) return await skipLoop(context, call, depth, reason)
  const fired = await fireTrigger(context, call)
  if (fired !== null && depth > 0) await setDepth(tx, org, fired.firingId, depth)
  return fired
}

async function skipLoop(context: FiringContext, { triggerId, cause }: TriggerCall, depth: number, reason: string): Promise<Fired | null> {
  const { tx, org, nowMs } = context
  const automation = await selectAutomationOf(tx, org, triggerId)
  if (automation === undefined) return null
  const id = firingId(automation, triggerId, cause)
  const times = { nominalAt: new Date(cause.atMs), decidedAt: new Date(nowMs) }
  await insertSkippedFiring(tx, org, { trigger: triggerId, id, cause: cause.kind, ...times, reason, depth })
  return { firingId: id, outcome: 'skipped', reason, runId: null }
}
