import { type EventType, encodeId, type Json } from '@orrery/contract'
import type { AutomationRow } from './automation-row.ts'
import type { FiringScene } from './firing/firing-scene.ts'

type AutomationEvent = Extract<EventType, `automation.${string}`>

/** Others see it if, and only if, the transaction commits. */
export async function announceAutomation(
  scene: FiringScene,
  type: AutomationEvent,
  { automation_id, name, version }: Pick<AutomationRow, 'automation_id' | 'name' | 'version'>,
  data: { readonly [key: string]: Json } = {},
): Promise<void> {
  const told = JSON.stringify({ name, version, ...data })
  const event = { org: scene.org, type, subject: encodeId('aut', automation_id), data: told, at: scene.nowMs }
  await scene.engine.store.emit([event], scene.tx.client)
}
