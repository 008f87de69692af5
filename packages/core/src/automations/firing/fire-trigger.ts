import type { Json } from '@orrery/contract'
import type { AutomationRow } from '../automation-row.ts'
import { lockAutomationOf } from '../automation-store.ts'
import type { FiringContext } from '../firing-context.ts'
import { type FiringOutcome, type FiringRow, selectFiring } from '../firing-store.ts'
import { type FiringCause, firingId } from '../planning/firing-id.ts'
import { toFiringRow } from '../to-firing-row.ts'
import { decrementSkipNext, lockTrigger } from '../trigger-store.ts'
import { decideFirings } from './decide-firings.ts'

/** A reason for a trigger other than a schedule to fire: an event, a condition that became true, a webhook delivery. */
export interface TriggerCall {
  /** UUID. */
  readonly triggerId: string
  /** Identifies the firing: a second attempt with the same cause is the same firing. */
  readonly cause: Extract<FiringCause, { readonly kind: 'event' | 'condition' | 'webhook' }>
  /** The run reads it as `event`. */
  readonly event: Json
}

/** The outcome, as the row in `app.firing` has it. */
export interface Fired {
  /** UUID. */
  readonly firingId: string
  readonly outcome: FiringOutcome
  readonly reason: string | null
  /** UUID of the run; null: no run started. */
  readonly runId: string | null
}

/**
 * Fires a trigger once, in the caller's transaction. A second call with the same cause changes nothing and returns the outcome of the
 * first. The firing is skipped if the automation is paused or snoozed, or if `skipNext` asks for it. Null: the trigger does not exist (any
 * more).
 *
 * This locks the automation's row. To avoid deadlocks, a caller with several calls orders them by automation id, or uses one transaction
 * each.
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
  const reason = findSkipReason(automation, skipNext, context.nowMs)
  if (reason === 'skip_next') await decrementSkipNext(context.tx, context.org, call.triggerId)
  const skipped: FiringRow = { ...fresh, outcome: 'skipped', reason, request: null }
  const part = reason === null ? { automation, fresh: [fresh], skips: [] } : { automation, fresh: [], skips: [skipped] }
  const written = await decideFirings(context, [part])
  return toFired(written.get(fresh.firing_id) ?? fresh)
}

const toFired = (row: FiringRow): Fired => ({ firingId: row.firing_id, outcome: row.outcome, reason: row.reason, runId: row.run_id })

function findSkipReason(
  { status, snoozed_until }: AutomationRow,
  skipNext: number,
  nowMs: number,
): 'paused' | 'snoozed' | 'skip_next' | null {
  if (status === 'paused') return 'paused'
  if (snoozed_until !== null && snoozed_until.getTime() > nowMs) return 'snoozed'
  return skipNext > 0 ? 'skip_next' : null
}

/** Locks the automation before the trigger, as all code that locks both does. */
async function lockAutomationAndTrigger({ tx, org }: FiringContext, triggerId: string) {
  const automation = await lockAutomationOf(tx, org, triggerId)
  const trigger = await lockTrigger(tx, org, triggerId)
  return automation === undefined || trigger === undefined ? null : { automation, key: trigger.key, skipNext: trigger.skip_next }
}
