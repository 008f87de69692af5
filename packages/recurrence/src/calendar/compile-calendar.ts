import { dayOf, weekdayOf, yearOf } from '../gregorian.ts'
import { parseICalendar } from '../icalendar/parse-icalendar.ts'
import { type Moment, parseMoment } from '../moment.ts'
import { type Checked, collectIssues, type Issues, parseWith } from '../parsing.ts'
import { findZone, openZone, type Zone } from '../zone/zone.ts'
import {
  type Calendar,
  type CalendarLayer,
  type CalendarSources,
  type DayPlan,
  type DayRange,
  type Holiday,
  type SpecialDay,
  weekdayNames,
} from './calendar.ts'
import { intersect, parseRanges, subtract, wholeDay } from './day-ranges.ts'
import { findHoles, isWhole } from './event-holes.ts'

/** A calendar that is ready for queries. Days are counted from 1970-01-01. */
export interface CompiledCalendar {
  readonly zone: Zone
  planOf(day: number): DayPlan
}

type Layer = (day: number, plan: DayPlan) => DayPlan

const PLANS_MAX = 5_000
/** How deep calendars may refer to other calendars. */
const DEPTH_MAX = 8
const SPECIAL_DAYS_MAX = 400

/** Looks up everything that a calendar refers to, once; whatever is missing or malformed is an issue. */
export function compileCalendar(calendar: Calendar, sources: CalendarSources = {}): Checked<CompiledCalendar> {
  const issues = collectIssues()
  const compiled = compile(calendar, { sources, issues, depth: 0, path: '', known: new Map() })
  return issues.conclude(compiled)
}

function compile(calendar: Calendar, context: Omit<CompileContext, 'zone'>): CompiledCalendar {
  const { issues, depth, path } = context
  const zone = findZone(calendar.zone)
  if (!zone) issues.add(`${path}zone`, `${JSON.stringify(calendar.zone)} is not an IANA time zone`)
  if (depth > DEPTH_MAX) issues.add(path, 'calendars refer to each other in a circle, or too deep')
  const home = zone ?? openZone('UTC')
  const layers =
    depth > DEPTH_MAX
      ? []
      : calendar.layers.map((layer, at) => compileLayer(layer, { ...context, zone: home, path: `${path}layers[${at}]` }))
  const plans = new Map<number, DayPlan>()
  return {
    zone: home,
    planOf(day) {
      let plan = plans.get(day)
      if (!plan) {
        plan = layers.reduce((before: DayPlan, layer) => layer(day, before), { open: wholeDay, name: undefined, isHoliday: false })
        if (plans.size >= PLANS_MAX) plans.clear()
        plans.set(day, plan)
      }
      return plan
    },
  }
}

interface CompileContext {
  readonly sources: CalendarSources
  readonly zone: Zone
  readonly issues: Issues
  readonly depth: number
  readonly path: string
  /** Calendars by id, so that each is compiled once. Without this, two references at each level would double the time at each level. */
  readonly known: Map<string, CompiledCalendar>
}

function compileLayer(layer: CalendarLayer, context: CompileContext): Layer {
  switch (layer.kind) {
    case 'hours':
      return weeklyHours(layer, context)
    case 'holidays':
      return holidays(layer, context)
    case 'days':
      return specialDays(layer.days, context)
    case 'feed':
      return feed(layer, context)
    case 'calendar':
      return otherCalendar(layer.calendar, context)
  }
}

const unchanged: Layer = (_, plan) => plan

function takeRanges(texts: readonly string[], path: string, { issues }: CompileContext): DayRange[] {
  return (
    issues.take(
      path,
      parseWith('', () => parseRanges(texts)),
    ) ?? []
  )
}

function weeklyHours({ week }: Extract<CalendarLayer, { kind: 'hours' }>, context: CompileContext): Layer {
  for (const name of Object.keys(week)) {
    if (!weekdayNames.some((known) => known === name))
      context.issues.add(`${context.path}.week.${name}`, `not a weekday; the weekdays are ${weekdayNames.join(', ')}`)
  }
  const ranges = weekdayNames.map((name) => takeRanges(week[name] ?? [], `${context.path}.week.${name}`, context))
  return (day, plan) => {
    const open = ranges[weekdayOf(day)] ?? []
    return { ...plan, open, isHoliday: plan.isHoliday && open.length === 0 }
  }
}

function holidays(layer: Extract<CalendarLayer, { kind: 'holidays' }>, { sources, issues, path }: CompileContext): Layer {
  const source = sources.holidays
  if (!source) return issues.add(`${path}.region`, 'holidays need a source, and there is no source') ?? unchanged
  if (!source(layer.region, 2000))
    return issues.add(`${path}.region`, `there are no holidays for the region ${JSON.stringify(layer.region)}`) ?? unchanged
  const types = layer.types ?? ['public']
  const years = new Map<number, Map<number, string>>()
  const namesOf = (year: number): Map<number, string> => {
    let names = years.get(year)
    if (!names) {
      const wanted = (source(layer.region, year) ?? []).filter(({ type, name }) => types.includes(type) && !layer.except?.includes(name))
      names = new Map(wanted.flatMap(daysOfHoliday))
      years.set(year, names)
    }
    return names
  }
  return (day, plan) => {
    const year = yearOf(day)
    // A holiday of several days may have started in the year before.
    const name = namesOf(year).get(day) ?? namesOf(year - 1).get(day)
    return name === undefined ? plan : { open: [], name, isHoliday: true }
  }
}

function daysOfHoliday({ date, days, name }: Holiday): [number, string][] {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number)
  const first = dayOf(year, month, day)
  return Array.from({ length: days }, (_, index) => [first + index, name])
}

function specialDays(days: readonly SpecialDay[], context: CompileContext): Layer {
  const plans = new Map<number, DayPlan>()
  days.forEach((special, at) => {
    const path = `${context.path}.days[${at}]`
    const from = takeDay(special.date, `${path}.date`, context)
    const to = special.to === undefined ? from : takeDay(special.to, `${path}.to`, context)
    if (from === undefined || to === undefined) return
    if (to < from || to - from > SPECIAL_DAYS_MAX)
      context.issues.add(`${path}.to`, `the last day must be 0 to ${SPECIAL_DAYS_MAX} days after the first`)
    const open = takeRanges(special.open ?? [], `${path}.open`, context)
    for (let day = from; day <= Math.min(to, from + SPECIAL_DAYS_MAX); day++) {
      plans.set(day, { open, name: special.name ?? special.date, isHoliday: open.length === 0 })
    }
  })
  return (day, plan) => plans.get(day) ?? plan
}

function takeDay(text: string, path: string, { issues }: CompileContext): number | undefined {
  const moment: Moment | undefined = issues.take(path, parseMoment(text))
  if (moment === undefined) return undefined
  return moment.kind === 'day' ? moment.day : issues.add(path, 'this must be a date without a time')
}

function feed({ feed: id, free = 'open' }: Extract<CalendarLayer, { kind: 'feed' }>, context: CompileContext): Layer {
  const { sources, zone, issues, path } = context
  const text = sources.feeds?.(id)
  if (text === undefined)
    return (
      issues.add(`${path}.feed`, `the feed ${JSON.stringify(id)} has not been fetched yet; if it fails, its calendar shows why`) ??
      unchanged
    )
  const parsed = issues.take(`${path}.feed`, parseICalendar(text))
  if (!parsed) return unchanged
  const closing = parsed.events.filter(({ isFree }) => !isFree || free === 'closed')
  const holesOn = findHoles(closing, zone)
  return (day, plan) => {
    const holes = holesOn(day)
    const last = holes.at(-1)
    if (!last) return plan
    return { open: subtract(plan.open, holes), name: last.name, isHoliday: plan.isHoliday || holes.some(isWhole) }
  }
}

function otherCalendar(id: string, context: CompileContext): Layer {
  const { sources, issues, depth, path, known } = context
  const other = sources.calendars?.(id)
  if (!other) return issues.add(`${path}.calendar`, `there is no calendar ${JSON.stringify(id)}`) ?? unchanged
  const compiled = known.get(id) ?? compile(other, { ...context, path: `${path}.calendar.`, depth: depth + 1 })
  known.set(id, compiled)
  return (day, plan) => {
    const { open, name, isHoliday } = compiled.planOf(day)
    return { open: intersect(plan.open, open), name: name ?? plan.name, isHoliday: plan.isHoliday || isHoliday }
  }
}
