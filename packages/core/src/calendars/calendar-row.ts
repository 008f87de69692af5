import type { CalendarDefinition, OutputOf } from '@orrery/contract'
import type { Calendar } from '@orrery/recurrence'

/** A calendar in its newest version, or in an older one. */
export interface CalendarRow {
  readonly name: string
  readonly version: number
  readonly definition: CalendarDefinition
  readonly created_at: Date
  readonly updated_at: Date
}

/** A feed without its text. */
export interface FeedRow {
  readonly url: string
  readonly due_at: Date
  /** Number of texts stored so far; 0: the feed was never fetched. */
  readonly revision: number
  readonly changed_at: Date | null
  readonly fetched_at: Date | null
  readonly failed_at: Date | null
  readonly failure: string | null
  /** What of the last good text was left out or is not understood. */
  readonly warnings: string[]
}

type Shown = OutputOf<'calendars.get'>

/** A calendar in the form that the API returns. */
export function toCalendar(row: CalendarRow, feeds: readonly FeedRow[]): Shown {
  const own = feedsOf(row.definition)
  return {
    name: row.name,
    version: row.version,
    zone: row.definition.zone,
    layers: row.definition.layers,
    feeds: feeds.filter(({ url }) => own.includes(url)).map(toFeed),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

function toFeed(row: FeedRow): Shown['feeds'][number] {
  return {
    feed: row.url,
    state: row.failure !== null ? 'failing' : row.revision === 0 ? 'awaited' : 'fetched',
    fetchedAt: row.fetched_at?.toISOString() ?? null,
    changedAt: row.changed_at?.toISOString() ?? null,
    failedAt: row.failed_at?.toISOString() ?? null,
    failure: row.failure,
    warnings: row.warnings,
    nextAt: row.due_at.toISOString(),
  }
}

/** The definition as the recurrence package takes it. It came from JSON, so optional members are absent, never undefined. */
export const asRules = (definition: CalendarDefinition): Calendar => definition as Calendar

/** Addresses of a calendar's feeds, each once. */
export function feedsOf({ layers }: CalendarDefinition): string[] {
  return [...new Set(layers.flatMap((layer) => (layer.kind === 'feed' ? [layer.feed] : [])))]
}

/** Names of the calendars that a calendar depends on directly, each once. */
export function basesOf({ layers }: CalendarDefinition): string[] {
  return [...new Set(layers.flatMap((layer) => (layer.kind === 'calendar' ? [layer.calendar] : [])))]
}
