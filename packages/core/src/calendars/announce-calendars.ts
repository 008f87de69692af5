import type { EventType, Json } from '@orrery/contract'
import type { CoreEngine } from '../context.ts'
import type { CalendarRow } from './calendar-row.ts'
import { dependentsOf } from './lean-on.ts'

type EventRow = Parameters<CoreEngine['appendEvents']>[0][number]

/**
 * One event for each calendar whose days may be others now: those that changed, and those that lean on them. Whoever keeps what follows from a
 * calendar reads it again at its own event, and need not know what it leans on.
 */
export function toUpdates(
  org: string,
  rows: readonly CalendarRow[],
  changed: readonly string[],
  at: number,
  cause: { readonly [key: string]: Json },
): EventRow[] {
  const definitions = new Map(rows.map(({ name, definition }) => [name, definition]))
  const versions = new Map(rows.map(({ name, version }) => [name, version]))
  return dependentsOf(definitions, changed).map((name) =>
    toCalendarEvent(org, 'calendar.updated', name, at, { version: versions.get(name) ?? 0, ...cause }),
  )
}

export function toCalendarEvent(org: string, type: EventType, name: string, at: number, data: { readonly [key: string]: Json }): EventRow {
  return { org, type, subject: name, at, data: JSON.stringify(data) }
}
