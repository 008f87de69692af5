import type { TriggerRow } from './automation-row.ts'
import type { FiringScene } from './firing/firing-scene.ts'
import { earliestWake } from './standing/plan-triggers.ts'

/** Tells whoever sleeps until something is due that this may be earlier. */
export function wakeSchedulers(scene: FiringScene, triggers: readonly TriggerRow[]): void {
  const wakeMs = earliestWake(triggers)
  if (wakeMs !== null) tellDue(scene, wakeMs)
}

export function tellDue(scene: FiringScene, atMs: number): void {
  scene.afterCommit(() => scene.engine.announceDue(atMs))
}
