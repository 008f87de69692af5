/** Business calendars as data. Other packages fetch and store what they refer to; this one only computes. */

export const weekdayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type WeekdayName = (typeof weekdayNames)[number]

/** Kinds of holidays as `date-holidays` knows them. */
export const holidayTypes = ['public', 'bank', 'school', 'optional', 'observance'] as const
export type HolidayType = (typeof holidayTypes)[number]

/**
 * A calendar starts as always open; its layers change each day one after the other. A range of times is `09:00-17:30`, and may end at
 * `24:00`.
 */
export interface Calendar {
  /** IANA name of the time zone of the calendar's hours. */
  readonly zone: string
  readonly layers: readonly CalendarLayer[]
}

export type CalendarLayer =
  | { readonly kind: 'hours'; readonly week: Readonly<Partial<Record<WeekdayName, readonly string[]>>> }
  /** `US`, `US-CA`, `DE-BY-A`: a country, a state, a region. Public holidays unless `types` says otherwise. */
  | { readonly kind: 'holidays'; readonly region: string; readonly types?: readonly HolidayType[]; readonly except?: readonly string[] }
  | { readonly kind: 'days'; readonly days: readonly SpecialDay[] }
  /**
   * Closed during the events of an iCalendar feed; the sources supply its text by this id. `free`: what events marked as free do to the
   * hours (RFC 5545, section 3.8.2.7). Default: `open`, nothing.
   */
  | { readonly kind: 'feed'; readonly feed: string; readonly free?: 'open' | 'closed' }
  /** Open only while another calendar is open too. */
  | { readonly kind: 'calendar'; readonly calendar: string }

export interface SpecialDay {
  /** `2026-12-24`. */
  readonly date: string
  /** The last day, if there are several. */
  readonly to?: string
  readonly name?: string
  /** Closed if absent or empty. */
  readonly open?: readonly string[]
}

export interface Holiday {
  /** The first day, `2026-12-25`, and the number of days. */
  readonly date: string
  readonly days: number
  readonly name: string
  readonly type: HolidayType
}

/** Holidays of a region in a year; undefined if the region is unknown. */
export type HolidaySource = (region: string, year: number) => readonly Holiday[] | undefined

/** Looks up what layers refer to. A name that is not found is reported as an issue of the calendar. */
export interface CalendarSources {
  readonly calendars?: (id: string) => Calendar | undefined
  /** The text of an iCalendar feed. */
  readonly feeds?: (id: string) => string | undefined
  readonly holidays?: HolidaySource
}

/** Part of a day, in seconds since local midnight; `to` is exclusive. */
export interface DayRange {
  readonly from: number
  readonly to: number
}

/** How a calendar describes one day. */
export interface DayPlan {
  /** Ascending and disjoint; empty if closed. */
  readonly open: readonly DayRange[]
  /** The name of the holiday, special day or event that changed the day last. */
  readonly name: string | undefined
  /** Whether a layer other than weekly hours closed the whole day. */
  readonly isHoliday: boolean
}
