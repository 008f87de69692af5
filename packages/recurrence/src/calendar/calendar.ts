/** Business calendars as data. What they are made of is fetched and kept elsewhere; here they are only computed with. */

export const weekdayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type WeekdayName = (typeof weekdayNames)[number]

/** Kinds of holidays as `date-holidays` knows them. */
export const holidayTypes = ['public', 'bank', 'school', 'optional', 'observance'] as const
export type HolidayType = (typeof holidayTypes)[number]

/**
 * A calendar starts as always open and is what its layers make of each day, one after the other. Times of day are `09:00-17:30`; a range
 * may end at `24:00`.
 */
export interface Calendar {
  /** IANA name: where the calendar's hours are told. */
  readonly zone: string
  readonly layers: readonly CalendarLayer[]
}

export type CalendarLayer =
  | { readonly kind: 'hours'; readonly week: Readonly<Partial<Record<WeekdayName, readonly string[]>>> }
  /** `US`, `US-CA`, `DE-BY-A`: a country, a state, a region. Public holidays unless `types` says otherwise. */
  | { readonly kind: 'holidays'; readonly region: string; readonly types?: readonly HolidayType[]; readonly except?: readonly string[] }
  | { readonly kind: 'days'; readonly days: readonly SpecialDay[] }
  /** Closed on the events of an iCalendar feed; its text comes from the sources, by this id. */
  | { readonly kind: 'feed'; readonly feed: string }
  /** Open only where another calendar is open too. */
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
  /** `2026-12-25`, and how many days from there on. */
  readonly date: string
  readonly days: number
  readonly name: string
  readonly type: HolidayType
}

/** Holidays of a region in a year; undefined if the region is unknown. */
export type HolidaySource = (region: string, year: number) => readonly Holiday[] | undefined

/** What layers refer to. A name that is not found is a problem of the calendar, not an empty day. */
export interface CalendarSources {
  readonly calendars?: (id: string) => Calendar | undefined
  /** The text of an iCalendar feed. */
  readonly feeds?: (id: string) => string | undefined
  readonly holidays?: HolidaySource
}

/** Part of a day, in seconds since midnight on the wall; `to` is exclusive. */
export interface DayRange {
  readonly from: number
  readonly to: number
}

/** What a calendar says of one day. */
export interface DayPlan {
  /** Ascending, apart from one another; empty if closed. */
  readonly open: readonly DayRange[]
  /** The holiday, special day or event that changed the day last. */
  readonly name: string | undefined
  /** Whether a layer other than weekly hours closed the whole day. */
  readonly isHoliday: boolean
}
