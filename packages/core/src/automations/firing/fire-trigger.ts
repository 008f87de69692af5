import type { Json } from '@orrery/contract'
import type { AutomationRow } from '../automation-row.ts'
import { lockAutomationOf } from '../automation-store.ts'
import type { FiringContext } from '../firing-context.ts'
import { type FiringOutcome, type FiringRow, selectFiring } from '../firing-store.ts'
import { type FiringCause, firingId } from '../planning/firing-id.ts'
import { toFiringRow } from '../to-firing-row.ts'
import { decrementSkipNext, lockTrigger } from '../trigger-store.ts'
import { decideFirings } from './decide-firings.ts'

/** An event, a condition that came true, a delivery at a webhook: something for which a trigger that is no schedule fires. */
export interface TriggerCall {
  /** UUID. */
  readonly triggerId: string
  /** What makes it the same firing when it is tried again. */
  readonly cause: Extract<FiringCause, { readonly kind: 'event' | 'condition' | 'webhook' }>
  /** What the run reads as `event`. */
  readonly event: Json
}

/** What came of it; the same is a row of `app.firing`. */
export interface Fired {
  /** UUID. */
  readonly firingId: string
  readonly outcome: FiringOutcome
  readonly reason: string | null
  /** UUID of the run, where there is one. */
  readonly runId: string | null
}

/**
 * Fires a trigger once, in the caller's transaction: a second call with the same cause changes nothing and answers what came of the first. A
 * paused or snoozed automation skips it; so does `skipNext`. Null: there is no such trigger (any more).
 *
 * It locks the automation's row, so a caller with several calls makes them in the order of their automations' ids, or one transaction each.
 */
export async function fireTrigger(context: FiringContext, call: TriggerCall): Promise<Fired | null> {
  const place = await lockAutomationAndTrigger(context, call.triggerId)
  if (place === null) return null
  const { automation, key, skipNext } = place
  const known = await selectFiring(context.tx, context.org, firingId(automation.automation_id, call.triggerId, call.cause))
  if (known !== undefined) return toFired(known)
  const trigger = { id: call.triggerId, key }
  const { atMs } = call.cause
  const occasion = { automation, trigger, cause: call.cause, nominalMs: atMs, firesAtMs: atMs, request: { event: call.event } }
  const fresh = toFiringRow(occasion, context.nowMs)
  const reason = whyNot(automation, skipNext, context.nowMs)
  if (reason === 'skip_next') await decrementSkipNext(context.tx, context.org, call.triggerId)
  const skipped: FiringRow = { ...fresh, outcome: 'skipped', reason, request: null }
  const part = reason === null ? { automation, fresh: [fresh], skips: [] } : { automation, fresh: [], skips: [skipped] }
  const written = await decideFirings(context, [part])
  return toFired(written.get(fresh.firing_id) ?? fresh)
}

const toFired = (row: FiringRow): Fired => ({ firingId: row.firing_id, outcome: row.outcome, reason: row.reason, runId: row.run_id })

function whyNot({ status, snoozed_until }: AutomationRow, skipNext: number, nowMs: number): 'paused' | 'snoozed' | 'skip_next' | null {
  if (status === 'paused') return 'paused'
  if (snoozed_until !== null && snoozed_until.getTime() > nowMs) return 'snoozed'
  return skipNext > 0 ? 'skip_next' : null
}

/** Locks the automation first, as all code does that locks both. */
async function lockAutomationAndTrigger({ tx, org }: FiringContext, triggerId: string) {
  const automation = await lockAutomationOf(tx, org, triggerId)
  const trigger = await lockTrigger(tx, org, triggerId)
  return automation === undefined || trigger === undefined ? null : { automation, key: trigger.key, skipNext: trigger.skip_next }
}
