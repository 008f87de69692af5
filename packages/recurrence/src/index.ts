/**
 * When something happens: RRULE, cron, intervals, dates, time zones, business calendars. Pure; times are milliseconds since
 * 1970-01-01T00:00Z.
 */
export { findBusinessDay, isBusinessDay, type Roll, rollDay } from './calendar/business-days.ts'
export {
  addBusinessTime,
  type BusinessInstant,
  businessTimeBetween,
  type OpenTime,
  openTimes,
  type Pause,
} from './calendar/business-time.ts'
export {
  type Calendar,
  type CalendarLayer,
  type CalendarSources,
  type DayPlan,
  type DayRange,
  type Holiday,
  type HolidaySource,
  type HolidayType,
  holidayTypes,
  type SpecialDay,
  type WeekdayName,
  weekdayNames,
} from './calendar/calendar.ts'
export { type CompiledCalendar, compileCalendar } from './calendar/compile-calendar.ts'
export type { Cron } from './cron/cron.ts'
export { parseCron } from './cron/parse-cron.ts'
export { describeSchedule } from './describe/describe-schedule.ts'
export { clockMs, type Duration, type DurationParts, formatDuration, parseDuration, parseDurationMs } from './duration.ts'
export { formatIso } from './format-iso.ts'
export { describeProblems } from './icalendar/describe-problems.ts'
export { type CalendarFeed, parseICalendar } from './icalendar/parse-icalendar.ts'
export type { Halt } from './instants.ts'
export type { Checked, Issue, Malformed, Parsed } from './parsing.ts'
export { parseRrule } from './rrule/parse-rrule.ts'
export type { RecurrenceSet, Rule } from './rrule/rule.ts'
export { type Analysis, analyse, type DstConflict } from './schedule/analyse.ts'
export { type CompiledSchedule, compileSchedule, type ScheduleSources } from './schedule/compile-schedule.ts'
export type { LeapDay } from './schedule/day-traits.ts'
export { impliedStart } from './schedule/implied-start.ts'
export { isOccurrence, nextOccurrence, type Occurrences, occurrencesBetween } from './schedule/next-occurrence.ts'
export { type PresetName, presets, readPreset } from './schedule/presets.ts'
export { type Preview, type PreviewLine, type PreviewTime, preview } from './schedule/preview.ts'
export type { Exclude, Include, NextOccurrence, Occurrence, Schedule } from './schedule/schedule.ts'
export { type ClockChange, findChanges } from './zone/find-changes.ts'
export type { DstPolicy, GapPolicy, OverlapPolicy } from './zone/local-time.ts'
export { findZone, isZoneName, type Zone } from './zone/zone.ts'
