/** When something should happen, as data: what a schedule says, before anything is computed. */
import type { Roll } from '../calendar/business-days.ts'
import type { GapPolicy, OverlapPolicy } from '../zone/local-time.ts'

/**
 * The union of the includes, without the excludes, rolled onto business days. Dates and times are ISO 8601: `2026-03-01` (a whole day),
 * `2026-03-01T09:00` (on the wall of the zone) or `2026-03-01T09:00:00Z`. Durations are `30m`, `1h30m` or `PT30M`.
 */
export interface Schedule {
  /** IANA name. */
  readonly zone: string
  readonly include: readonly Include[]
  readonly exclude?: readonly Exclude[]
  /** Occurrences on days without business are dropped or moved, at the same time of day. */
  readonly calendar?: { readonly id: string; readonly roll: Roll }
  /** Nothing occurs before; and the DTSTART of rules that have none. */
  readonly start?: string
  /** Nothing occurs after. The moment itself, or the whole day, still counts. */
  readonly end?: string
  /** How many occurrences there are in all. */
  readonly count?: number
  /** Each occurrence fires up to so much later, always by the same amount, and never after the next one. */
  readonly jitter?: string
  /** What happens when the clocks change; `shift` and `first` if nothing is said. */
  readonly dst?: { readonly gap?: GapPolicy; readonly overlap?: OverlapPolicy }
}

export type Include =
  /** RFC 5545: a bare rule, or lines with DTSTART, RRULE, RDATE, EXDATE. `start` is its DTSTART if the text has none. */
  | { readonly kind: 'rrule'; readonly rrule: string; readonly start?: string }
  /** Five fields, or six with seconds in front. */
  | { readonly kind: 'cron'; readonly cron: string }
  /** Every so often by elapsed time, counted from `anchor` (1970-01-01T00:00Z if not given), `phase` later. */
  | { readonly kind: 'interval'; readonly every: string; readonly phase?: string; readonly anchor?: string }
  | { readonly kind: 'dates'; readonly dates: readonly string[] }

export type Exclude =
  | Include
  /** `to` is exclusive; if it is a day, that day is still excluded. */
  | { readonly kind: 'range'; readonly from: string; readonly to: string }
  /** The calendar's holidays and special closed days, all its days without business, or all times at which it is closed. */
  | { readonly kind: 'calendar'; readonly calendar: string; readonly closed?: 'holidays' | 'days' | 'hours' }

/** One due moment. */
export interface Occurrence {
  /** When it is due by the rules; with the schedule it identifies the occurrence for ever. */
  readonly nominalMs: number
  /** When it fires: `nominalMs` and its jitter. */
  readonly firesAtMs: number
}

export type NextOccurrence =
  | ({ readonly kind: 'occurrence' } & Occurrence)
  /** Nothing follows. */
  | { readonly kind: 'ended' }
  /** Nothing was found within the work that one question may cost: excludes that leave nothing over, for example. */
  | { readonly kind: 'limit' }
