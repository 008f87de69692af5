import type { EventType, Json } from '@orrery/contract'
import type { NewEvent } from '@orrery/kernel'
import { dependentsOf } from './calendar-graph.ts'
import type { CalendarRow } from './calendar-row.ts'

/**
 * One event for each calendar whose days may be others now: those that changed, and those that depend on them. A reader that keeps what
 * follows from a calendar reads it again at the calendar's own event, and need not know what it depends on.
 */
export function toUpdateEvents(
  rows: readonly CalendarRow[],
  changed: readonly string[],
  cause: { readonly [key: string]: Json },
): NewEvent[] {
  const definitions = new Map(rows.map(({ name, definition }) => [name, definition]))
  const versions = new Map(rows.map(({ name, version }) => [name, version]))
  return dependentsOf(definitions, changed).map((name) =>
    toCalendarEvent('calendar.updated', name, { version: versions.get(name) ?? 0, ...cause }),
  )
}

export const toCalendarEvent = (type: EventType, name: string, data: { readonly [key: string]: Json }): NewEvent => ({
  type,
  subject: name,
  data,
})
