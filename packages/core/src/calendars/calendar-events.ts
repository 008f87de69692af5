import type { EventType, Json } from '@orrery/contract'
import type { NewEvent } from '@orrery/kernel'
import { dependentsOf } from './calendar-graph.ts'
import type { CalendarRow } from './calendar-row.ts'

/**
 * One event for each calendar whose days may have changed: the changed calendars and those that depend on them. So a reader that caches a
 * result of a calendar only needs that calendar's own events, and need not know what it depends on.
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
