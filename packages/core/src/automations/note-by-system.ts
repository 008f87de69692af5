import { encodeId, type Json } from '@orrery/contract'
import { digest, newId, recordAudit } from '@orrery/kernel'
import type { FiringScene } from './firing/firing-scene.ts'

/** The audit entry of a change that no request asked for: failures have paused an automation, or a run did. */
export async function noteBySystem(
  { tx, org, nowMs }: FiringScene,
  action: 'automation.paused' | 'automation.resumed',
  automationId: string,
  detail: Json,
): Promise<void> {
  const at = Math.floor(nowMs)
  const actor = { type: 'system', id: 'automations', name: 'automations' } as const
  const subject = encodeId('aut', automationId)
  const inputDigest = digest(detail).toString('hex')
  await recordAudit(tx, [{ org, id: newId(at), at, actor, action, subject, inputDigest, detail, requestId: actor.id }])
}
