import { problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { type DayPlan, type DayRange, findZone, formatIso, weekdayNames } from '@orrery/recurrence'
import { daysComputation, type FoundDays } from './compute-days.ts'
import { computeOverCalendars } from './compute-over-calendars.ts'
import { requireCalendar } from './get-calendar.ts'
import { readCalendarSources } from './read-calendar-sources.ts'

const DAY_MS = 86_400_000
const DAYS_MAX = 400
const DAYS_DEFAULT = 30
/** 9999-12-31. Later years have five digits. */
const LAST_DAY = Date.UTC(9999, 11, 31) / DAY_MS

export function listCalendarDays(ctx: Ctx, input: InputFor<'calendars.days'>): Promise<AnswerTo<'calendars.days'>> {
  return withOrg(ctx, async (tx) => {
    const { definition } = await requireCalendar(tx, ctx.org, input.calendar)
    const { zone } = definition
    const from = input.from === undefined ? todayIn(zone, ctx.clock.now()) : readDay(input.from, 'from')
    const to = input.to === undefined ? Math.min(from + DAYS_DEFAULT - 1, LAST_DAY) : readDay(input.to, 'to')
    if (to < from || to - from >= DAYS_MAX) throw refuse('to', `The last day must be 0 to ${DAYS_MAX - 1} days after the first`)
    const sources = await readCalendarSources(tx, ctx.org, [input.calendar])
    const query = { name: input.calendar, from, to }
    const computed = await computeOverCalendars<typeof query, FoundDays>(ctx, tx, sources, daysComputation, query)
    const found = computed.ok ? computed.value : computed
    if (found.ok) return { zone, days: found.plans.map((plan, at) => describeDay(plan, from + at)) }
    const errors = found.issues.map(({ path, message }) => ({ path, message }))
    throw problem('calendar.unusable', `The calendar ${input.calendar} cannot be used yet: ${errors[0]?.message}.`, { errors })
  })
}

function describeDay({ open, name, isHoliday }: DayPlan, day: number) {
  // 1970-01-01 was a Thursday.
  const weekday = weekdayNames[(((day + 3) % 7) + 7) % 7] ?? 'mon'
  return { date: new Date(day * DAY_MS).toISOString().slice(0, 10), weekday, open: open.map(formatRange), name: name ?? null, isHoliday }
}

/** In the format of calendar definitions: `09:00-17:30`. Seconds appear only if an event of a feed has them. */
const formatRange = ({ from, to }: DayRange): string => `${formatTime(from)}-${formatTime(to)}`

function formatTime(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, ...(seconds % 60 === 0 ? [] : [seconds % 60])]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}

/** A stored calendar has a zone that exists. */
function todayIn(name: string, nowMs: number): number {
  const zone = findZone(name)
  const today = zone === undefined ? new Date(nowMs).toISOString() : formatIso(zone, nowMs)
  return Date.parse(today.slice(0, 10)) / DAY_MS
}

/** @throws invalid_input for a day that does not exist */
function readDay(text: string, path: string): number {
  const at = Date.parse(text)
  const isDay = !Number.isNaN(at) && new Date(at).toISOString().startsWith(text) && text >= '1900'
  if (!isDay) throw refuse(path, `${text} is not a day from 1900 on`)
  return at / DAY_MS
}

function refuse(path: string, message: string) {
  return problem('invalid_input', `${path}: ${message}`, { errors: [{ path, message, expected: 'a date such as 2026-12-24' }] })
}
