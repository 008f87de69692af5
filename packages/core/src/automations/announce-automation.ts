import { type EventType, encodeId, type Json } from '@orrery/contract'
import { appendEvents } from '@orrery/kernel'
import type { AutomationRow } from './automation-row.ts'
import type { FiringScene } from './scene.ts'

type AutomationEvent = Extract<EventType, `automation.${string}`>

type Named = Pick<AutomationRow, 'automation_id' | 'name' | 'version'>

/** Readers see it if, and only if, the transaction commits. */
export function announceAutomation(
  scene: FiringScene,
  type: AutomationEvent,
  row: Named,
  data: { readonly [key: string]: Json } = {},
): Promise<void> {
  return announceAutomations(scene, type, [row], data)
}

/** The same of several. */
export function announceAutomations(
  scene: FiringScene,
  type: AutomationEvent,
  rows: readonly Named[],
  data: { readonly [key: string]: Json } = {},
): Promise<void> {
  const events = rows.map(({ automation_id, name, version }) => {
    return { type, subject: encodeId('aut', automation_id), data: { name, version, ...data } }
  })
  return appendEvents(scene, scene.tx, events)
}
