import { type Ctx, findActingRun, newId, type Transaction } from '@orrery/kernel'
import type { AutomationRow, StoredRequest } from '../automation-row.ts'
import { type FiringRow, selectFiringOf, setRequestKey, writeFirings } from '../firing-store.ts'
import type { FiringCause } from '../planning/firing-id.ts'
import { type FiringScene, sceneOf } from '../scene.ts'
import { toFiringRow } from '../to-firing-row.ts'
import { decideFirings } from './decide-firings.ts'

export interface RunRequest {
  /** Null: now. A later run is decided at its time, by what the automation says then. */
  readonly atMs: number | null
  readonly request: StoredRequest
}

/**
 * A run that somebody asks for, paused or not, without moving the automation's schedules. The automation's row is locked. A step of a run that
 * asks again, under the same idempotency key, gets the firing that it got before, however long ago that was.
 */
export async function requestRun(ctx: Ctx, tx: Transaction, automation: AutomationRow, asked: RunRequest): Promise<FiringRow> {
  const scene = sceneOf(ctx, tx)
  const isByRun = findActingRun(ctx) !== null
  const stepKey = isByRun ? ctx.origin.idempotencyKey : null
  const known = stepKey === null ? undefined : await selectFiringOf(tx, ctx.org, stepKey)
  if (known !== undefined) return known
  const kind = isByRun ? 'agent' : 'manual'
  const row = await fireOrSchedule(scene, automation, { kind, requestId: newId(scene.nowMs), requestedAtMs: scene.nowMs }, asked)
  if (stepKey !== null) await setRequestKey(tx, ctx.org, row.firing_id, stepKey)
  return row
}

type ByRequest = Extract<FiringCause, { readonly kind: 'manual' | 'agent' }>

async function fireOrSchedule(
  scene: FiringScene,
  automation: AutomationRow,
  cause: ByRequest,
  { atMs, request }: RunRequest,
): Promise<FiringRow> {
  const dueMs = atMs ?? scene.nowMs
  const row = toFiringRow({ automation, trigger: null, cause, nominalMs: dueMs, firesAtMs: dueMs, request }, scene.nowMs)
  if (atMs === null) return (await decideFirings(scene, [{ automation, fresh: [row], skips: [] }])).get(row.firing_id) ?? row
  await writeFirings(scene.tx, scene.org, [row])
  scene.afterCommit(() => scene.engine.announceDue(atMs))
  return row
}
