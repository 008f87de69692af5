import { type CalendarDefinition, problem } from '@orrery/contract'
import { compileCalendar, type HolidaySource, type Issue } from '@orrery/recurrence'
import { type Definitions, dependentsOf, findCycle, heightOf } from './calendar-graph.ts'
import { asRules } from './calendar-row.ts'

/** The content of a feed is unknown before the first fetch, so calendars are checked with an empty feed. */
const EMPTY_FEED = 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n'
/** Special days of a calendar in total. Each takes memory in every process that uses the calendar. */
const DAYS_MAX = 20_000
/** The nesting that the recurrence package supports. */
const HEIGHT_MAX = 8
const DAY_MS = 86_400_000

/**
 * Checks a new definition together with the other calendars of the organization.
 * @param all the calendars, with the new definition under its name. @throws calendar.invalid
 */
export function requireValidCalendar(
  all: Definitions,
  name: string,
  definition: CalendarDefinition,
  holidays: HolidaySource | undefined,
): void {
  const cycle = findCycle(all, name)
  if (cycle !== null) throw invalid([{ path: pathOf(definition, cycle[1] ?? ''), message: `a cycle: ${cycle.join(' depends on ')}` }])
  const issues = [...findTooMany(definition), ...findTooDeep(all, name, definition)]
  if (issues.length > 0) throw invalid(issues)
  const sources = {
    calendars: (id: string) => mapped(all.get(id), asRules),
    feeds: () => EMPTY_FEED,
    ...(holidays === undefined ? {} : { holidays }),
  }
  const compiled = compileCalendar(asRules(definition), sources)
  if (!compiled.ok) throw invalid(compiled.issues)
}

function findTooMany({ layers }: CalendarDefinition): Issue[] {
  let count = 0
  for (const layer of layers) {
    if (layer.kind !== 'days') continue
    for (const { date, to } of layer.days) count += 1 + Math.max(0, (Date.parse(to ?? date) - Date.parse(date)) / DAY_MS || 0)
  }
  return count > DAYS_MAX ? [{ path: 'layers', message: `more than ${DAYS_MAX} special days in all` }] : []
}

/** Checks the nesting of the calendar and of those that depend on it, which the change also makes deeper. */
function findTooDeep(all: Definitions, name: string, definition: CalendarDefinition): Issue[] {
  const known = new Map<string, number>()
  const deep = dependentsOf(all, [name]).filter((one) => heightOf(all, one, known) > HEIGHT_MAX)
  if (deep.length === 0) return []
  return [{ path: pathOf(definition), message: `more than ${HEIGHT_MAX} calendars would depend on one another, under ${deep.join(', ')}` }]
}

/** The path of the layer that names `base`, or of the first layer that names a calendar. */
function pathOf({ layers }: CalendarDefinition, base?: string): string {
  const at = layers.findIndex((layer) => layer.kind === 'calendar' && (base === undefined || layer.calendar === base))
  return at < 0 ? 'layers' : `layers[${at}].calendar`
}

function invalid(issues: readonly Issue[]) {
  const errors = issues.slice(0, 50).map(({ path, message }) => ({ path, message }))
  const [first] = errors
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  return problem('calendar.invalid', `${first?.path}: ${first?.message}${more}`, { errors })
}

const mapped = <T, U>(value: T | undefined, change: (value: T) => U): U | undefined => (value === undefined ? undefined : change(value))
