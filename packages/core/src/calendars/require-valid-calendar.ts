import { type CalendarDefinition, problem } from '@orrery/contract'
import { compileCalendar, type HolidaySource, type Issue } from '@orrery/recurrence'
import { type Definitions, dependentsOf, findCycle, heightOf } from './calendar-graph.ts'
import { asRules } from './calendar-row.ts'

/** What a feed says is not known before it was fetched, so here it says nothing. */
const EMPTY_FEED = 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n'
/** In all special days of a calendar: each is a row in memory of whoever asks. */
const DAYS_MAX = 20_000
/** As deep as recurrence follows them. */
const HEIGHT_MAX = 8
const DAY_MS = 86_400_000

/**
 * Whether a calendar can take its place among the others.
 * @param all with the new definition under its name. @throws calendar.invalid
 */
export function requireValidCalendar(
  all: Definitions,
  name: string,
  definition: CalendarDefinition,
  holidays: HolidaySource | undefined,
): void {
  const circle = findCycle(all, name)
  if (circle !== null) throw refuse([{ path: pathOf(definition, circle[1] ?? ''), message: `a circle: ${circle.join(' leans on ')}` }])
  const issues = [...findTooMany(definition), ...findTooDeep(all, name, definition)]
  if (issues.length > 0) throw refuse(issues)
  const sources = {
    calendars: (id: string) => mapped(all.get(id), asRules),
    feeds: () => EMPTY_FEED,
    ...(holidays === undefined ? {} : { holidays }),
  }
  const compiled = compileCalendar(asRules(definition), sources)
  if (!compiled.ok) throw refuse(compiled.issues)
}

function findTooMany({ layers }: CalendarDefinition): Issue[] {
  let count = 0
  for (const layer of layers) {
    if (layer.kind !== 'days') continue
    for (const { date, to } of layer.days) count += 1 + Math.max(0, (Date.parse(to ?? date) - Date.parse(date)) / DAY_MS || 0)
  }
  return count > DAYS_MAX ? [{ path: 'layers', message: `more than ${DAYS_MAX} special days in all` }] : []
}

/** Also of those that lean on it, which did no wrong themselves. */
function findTooDeep(all: Definitions, name: string, definition: CalendarDefinition): Issue[] {
  const known = new Map<string, number>()
  const deep = dependentsOf(all, [name]).filter((one) => heightOf(all, one, known) > HEIGHT_MAX)
  if (deep.length === 0) return []
  return [{ path: pathOf(definition), message: `more than ${HEIGHT_MAX} calendars would lean on one another, under ${deep.join(', ')}` }]
}

/** The layer that names `base`, or the first that names a calendar. */
function pathOf({ layers }: CalendarDefinition, base?: string): string {
  const at = layers.findIndex((layer) => layer.kind === 'calendar' && (base === undefined || layer.calendar === base))
  return at < 0 ? 'layers' : `layers[${at}].calendar`
}

function refuse(issues: readonly Issue[]) {
  const errors = issues.slice(0, 50).map(({ path, message }) => ({ path, message }))
  const [first] = errors
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  return problem('calendar.invalid', `${first?.path}: ${first?.message}${more}`, { errors })
}

const mapped = <T, U>(value: T | undefined, change: (value: T) => U): U | undefined => (value === undefined ? undefined : change(value))
