/** A schedule as data: when something should happen, before anything is computed. */
import type { Roll } from '../calendar/business-days.ts'
import type { GapPolicy, OverlapPolicy } from '../zone/local-time.ts'

/**
 * The union of the includes, minus the excludes, rolled to business days. Dates and times are ISO 8601: `2026-03-01` (a whole day),
 * `2026-03-01T09:00` (local time in the zone) or `2026-03-01T09:00:00Z`. Durations are `30m`, `1h30m` or `PT30M`.
 */
export interface Schedule {
  /** IANA name. */
  readonly zone: string
  readonly include: readonly Include[]
  readonly exclude?: readonly Exclude[]
  /** Drops occurrences on days without business, or moves them to a business day at the same time of day. */
  readonly calendar?: { readonly id: string; readonly roll: Roll }
  /** No occurrence is earlier. Also the DTSTART of rules without one. */
  readonly start?: string
  /** No occurrence is later. The moment itself, or the whole day, is included. */
  readonly end?: string
  /** The total number of occurrences. */
  readonly count?: number
  /** Each occurrence fires up to this much later, always by the same amount, and never after the next occurrence. */
  readonly jitter?: string
  /** What happens when the clocks change; `shift` and `first` by default. */
  readonly dst?: { readonly gap?: GapPolicy; readonly overlap?: OverlapPolicy }
}

export type Include =
  /** RFC 5545: a bare rule, or lines with DTSTART, RRULE, RDATE, EXDATE. `start` is the DTSTART if the text has none. */
  | { readonly kind: 'rrule'; readonly rrule: string; readonly start?: string }
  /** Five fields, or six with seconds in front. */
  | { readonly kind: 'cron'; readonly cron: string }
  /** A fixed interval of elapsed time, counted from `anchor` (1970-01-01T00:00Z by default) plus `phase`. */
  | { readonly kind: 'interval'; readonly every: string; readonly phase?: string; readonly anchor?: string }
  | { readonly kind: 'dates'; readonly dates: readonly string[] }

export type Exclude =
  | Include
  /** `to` is exclusive; if it is a day, that day is still excluded. */
  | { readonly kind: 'range'; readonly from: string; readonly to: string }
  /** The calendar's holidays and special closed days, all its days without business, or all times when it is closed. */
  | { readonly kind: 'calendar'; readonly calendar: string; readonly closed?: 'holidays' | 'days' | 'hours' }

/** One occurrence of a schedule. */
export interface Occurrence {
  /** When it is due by the rules. Together with the schedule it identifies the occurrence permanently. */
  readonly nominalMs: number
  /** When it fires: `nominalMs` plus jitter. */
  readonly firesAtMs: number
}

export type NextOccurrence =
  | ({ readonly kind: 'occurrence' } & Occurrence)
  /** There are no further occurrences. */
  | { readonly kind: 'ended' }
  /** The search reached its limit of work, for example because excludes leave nothing. */
  | { readonly kind: 'limit' }
