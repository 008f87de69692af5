import { type EventType, encodeId, type Json } from '@orrery/contract'
import { appendEvents } from '@orrery/kernel'
import type { AutomationRow } from './automation-row.ts'
import type { FiringContext } from './firing-context.ts'

type AutomationEvent = Extract<EventType, `automation.${string}`>

type Named = Pick<AutomationRow, 'automation_id' | 'name' | 'version'>

/** The event is in the log if, and only if, the transaction commits. */
export function emitAutomationEvent(
  context: FiringContext,
  type: AutomationEvent,
  row: Named,
  data: { readonly [key: string]: Json } = {},
): Promise<void> {
  return emitAutomationEvents(context, type, [row], data)
}

/** One event of the same type for each automation. */
export function emitAutomationEvents(
  context: FiringContext,
  type: AutomationEvent,
  rows: readonly Named[],
  data: { readonly [key: string]: Json } = {},
): Promise<void> {
  const events = rows.map(({ automation_id, name, version }) => {
    return { type, subject: encodeId('aut', automation_id), data: { name, version, ...data } }
  })
  return appendEvents(context, context.tx, events)
}
