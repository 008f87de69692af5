import type { OrgId } from '@orrery/engine'
import { type Kernel, transactAsSystem } from '@orrery/kernel'
import { type FiringScene, sceneOf } from '../firing/firing-scene.ts'

/** A transaction of one organization in which automations act by themselves. */
export function inScene<T>(kernel: Kernel, org: OrgId, work: (scene: FiringScene) => Promise<T>): Promise<T> {
  return transactAsSystem(kernel, org, 'automations', (ctx, tx) => work(sceneOf(ctx, tx)))
}
