import { type EventType, encodeId, type Json } from '@orrery/contract'
import type { AutomationRow } from './automation-row.ts'
import type { FiringScene } from './firing/firing-scene.ts'

type AutomationEvent = Extract<EventType, `automation.${string}`>

type Named = Pick<AutomationRow, 'automation_id' | 'name' | 'version'>

/** Others see it if, and only if, the transaction commits. */
export function announceAutomation(
  scene: FiringScene,
  type: AutomationEvent,
  row: Named,
  data: { readonly [key: string]: Json } = {},
): Promise<void> {
  return announceAutomations(scene, type, [row], data)
}

/** The same of several. */
export async function announceAutomations(
  scene: FiringScene,
  type: AutomationEvent,
  rows: readonly Named[],
  data: { readonly [key: string]: Json } = {},
): Promise<void> {
  const events = rows.map(({ automation_id, name, version }) => {
    return {
      org: scene.org,
      type,
      subject: encodeId('aut', automation_id),
      data: JSON.stringify({ name, version, ...data }),
      at: scene.nowMs,
    }
  })
  await scene.engine.appendEvents(events, scene.tx.client)
}
