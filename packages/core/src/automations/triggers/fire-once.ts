import type { RunId } from '@orrery/engine'
import { type Fired, fireTrigger, type TriggerCall } from '../firing/fire-trigger.ts'
import type { FiringScene } from '../firing/firing-scene.ts'
import { firingId } from '../planning/firing-id.ts'
import { DEPTH_MAX, findDepth } from './find-depth.ts'

/**
 * Fires a trigger for what a run may have caused. A firing remembers how many came one out of the other before it; one too many is
 * recorded as skipped, so that automations that start each other end.
 */
export async function fireOnce(scene: FiringScene, call: TriggerCall, causedBy: RunId | null): Promise<Fired | null> {
  const depth = await findDepth(scene.tx, scene.org, causedBy)
  if (depth > DEPTH_MAX) return await skipLoop(scene, call, depth)
  const fired = await fireTrigger(scene, call)
  if (fired !== null && depth > 0) {
    await scene.tx.client.query('update app.firing set depth = $3 where org_id = $1 and firing_id = $2', [scene.org, fired.firingId, depth])
  }
  return fired
}

async function skipLoop({ tx, org, nowMs }: FiringScene, { triggerId, cause }: TriggerCall, depth: number): Promise<Fired | null> {
  const reason = `loop: ${DEPTH_MAX} firings came one out of the other before it`
  const { rows } = await tx.client.query<{ automation_id: string }>(
    'select automation_id from app.trigger where org_id = $1 and trigger_id = $2',
    [org, triggerId],
  )
  const automation = rows[0]?.automation_id
  if (automation === undefined) return null
  const id = firingId(automation, triggerId, cause)
  await tx.client.query(
    `insert into app.firing (org_id, automation_id, firing_id, trigger_key, cause, version, nominal_at, decided_at, outcome, reason, depth)
     select a.org_id, a.automation_id, $3, t.key, $4, a.version, $5, $6, 'skipped', $7, $8
     from app.automation a join app.trigger t on t.org_id = a.org_id and t.automation_id = a.automation_id
     where t.org_id = $1 and t.trigger_id = $2 on conflict do nothing`,
    [org, triggerId, id, cause.kind, new Date(cause.atMs), new Date(nowMs), reason, depth],
  )
  return { firingId: id, outcome: 'skipped', reason, runId: null }
}
