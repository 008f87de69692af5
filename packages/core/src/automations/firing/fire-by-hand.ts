import type { AutomationRow, StoredRequest } from '../automation-row.ts'
import type { FiringRow } from '../firing-store.ts'
import type { FiringCause } from '../planning/firing-id.ts'
import { decideFirings } from './decide-firings.ts'
import type { FiringScene } from './firing-scene.ts'
import { toFiringRow } from './to-firing-row.ts'

type ByHand = Extract<FiringCause, { readonly kind: 'manual' | 'agent' }>

/** Runs an automation now, paused or not, without moving its schedules. Its row is locked. */
export async function fireByHand(scene: FiringScene, automation: AutomationRow, cause: ByHand, request: StoredRequest): Promise<FiringRow> {
  const { nowMs } = scene
  const fresh = toFiringRow({ automation, trigger: null, cause, nominalMs: nowMs, firesAtMs: nowMs, request }, nowMs)
  const written = await decideFirings(scene, [{ automation, fresh: [fresh], skips: [] }])
  return written.get(fresh.firing_id) ?? fresh
}
