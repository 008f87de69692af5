import type { Json } from '@orrery/contract'
import type { AutomationRow } from '../automation-row.ts'
import { lockAutomations } from '../automation-store.ts'
import { type FiringOutcome, type FiringRow, selectFirings } from '../firing-store.ts'
import { type FiringCause, firingId } from '../planning/firing-id.ts'
import { decideFirings } from './decide-firings.ts'
import type { FiringScene } from './firing-scene.ts'
import { toFiringRow } from './to-firing-row.ts'

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
export async function fireTrigger(scene: FiringScene, call: TriggerCall): Promise<Fired | null> {
  const place = await lockPlace(scene, call.triggerId)
  if (place === null) return null
  const { automation, key, skipNext } = place
  const [known] = await selectFirings(scene.tx, scene.org, [firingId(automation.automation_id, call.triggerId, call.cause)])
  if (known !== undefined) return toFired(known)
  const trigger = { id: call.triggerId, key }
  const { atMs } = call.cause
  const occasion = { automation, trigger, cause: call.cause, nominalMs: atMs, firesAtMs: atMs, request: { event: call.event } }
  const fresh = toFiringRow(occasion, scene.nowMs)
  const reason = whyNot(automation, skipNext, scene.nowMs)
  if (reason === 'skip_next') await countSkip(scene, call.triggerId)
  const skipped: FiringRow = { ...fresh, outcome: 'skipped', reason, request: null }
  const part = reason === null ? { automation, fresh: [fresh], skips: [] } : { automation, fresh: [], skips: [skipped] }
  const written = await decideFirings(scene, [part])
  return toFired(written.get(fresh.firing_id) ?? fresh)
}

const toFired = (row: FiringRow): Fired => ({ firingId: row.firing_id, outcome: row.outcome, reason: row.reason, runId: row.run_id })

function whyNot({ status, snoozed_until }: AutomationRow, skipNext: number, nowMs: number): 'paused' | 'snoozed' | 'skip_next' | null {
  if (status === 'paused') return 'paused'
  if (snoozed_until !== null && snoozed_until.getTime() > nowMs) return 'snoozed'
  return skipNext > 0 ? 'skip_next' : null
}

/** The automation first, as everybody does who locks both. */
async function lockPlace({ tx, org }: FiringScene, triggerId: string) {
  const { rows } = await tx.client.query<{ automation_id: string }>(
    'select automation_id from app.trigger where org_id = $1 and trigger_id = $2',
    [org, triggerId],
  )
  const [automation] = await lockAutomations(
    tx,
    org,
    rows.map((row) => row.automation_id),
  )
  const trigger = await tx.client.query<{ key: string; skip_next: number }>(
    'select key, skip_next from app.trigger where org_id = $1 and trigger_id = $2 for no key update',
    [org, triggerId],
  )
  const [row] = trigger.rows
  return automation === undefined || row === undefined ? null : { automation, key: row.key, skipNext: row.skip_next }
}

async function countSkip({ tx, org }: FiringScene, triggerId: string): Promise<void> {
  await tx.client.query('update app.trigger set skip_next = skip_next - 1 where org_id = $1 and trigger_id = $2', [org, triggerId])
}
