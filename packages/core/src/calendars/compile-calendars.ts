/** Compiles calendars from plain data, in a process that computes: feeds of others may take seconds. */
import type { CalendarDefinition } from '@orrery/contract'
import { boundedCache } from '@orrery/kernel'
import { type CompiledCalendar, compileCalendar, type ScheduleSources } from '@orrery/recurrence'
import { closureOf } from './calendar-graph.ts'
import { asRules, feedsOf } from './calendar-row.ts'
import { loadHolidays } from './load-holidays.ts'

export type Pairs<T> = readonly (readonly [string, T])[]

/** The named calendars of an organization and all that they depend on. */
export interface CalendarsData {
  readonly definitions: Pairs<CalendarDefinition>
  /** Of each named calendar: everything that its days depend on, in one text. */
  readonly keys: Pairs<string>
  /** The text of each feed that has one, by its address. Null: they are sent if the process does not have the calendars. */
  readonly texts: Pairs<string> | null
}

export const NO_CALENDARS: CalendarsData = { definitions: [], keys: [], texts: [] }

/** By key, so entries are never out of date. The size is the number of characters of the feeds, which take a hundred times as much memory. */
const compiledCalendars = boundedCache<CompiledCalendar>({ entriesMax: 200, sizeMax: 2_000_000 })

/** What `compileSchedule` and `compileCalendar` need. Null: the texts of feeds are missing. */
export async function openCalendars({ definitions: pairs, keys, texts }: CalendarsData): Promise<ScheduleSources | null> {
  if (pairs.length === 0) return {}
  const definitions = new Map(pairs)
  const ready = new Map(keys.map(([name, key]) => [name, compiledCalendars.get(key)]))
  const feedsIn = (name: string) => [...closureOf(definitions, [name])].flatMap((one) => feedsOf(definitions.get(one) ?? NONE))
  if (texts === null && keys.some(([name]) => ready.get(name) === undefined && feedsIn(name).length > 0)) return null
  const textOf = new Map(texts ?? [])
  const sources = {
    calendars: (name: string) => {
      const definition = definitions.get(name)
      return definition && asRules(definition)
    },
    feeds: (url: string) => textOf.get(url),
    ...(await loadHolidays(definitions.values())),
  }
  for (const [name, key] of keys) {
    const definition = definitions.get(name)
    if (definition === undefined || ready.get(name) !== undefined) continue
    const checked = compileCalendar(asRules(definition), sources)
    // An unusable calendar, such as one whose feed was not fetched yet, becomes an issue of the schedule that names it.
    if (!checked.ok) continue
    ready.set(name, checked.value)
    const size = feedsIn(name).reduce((sum, url) => sum + (textOf.get(url)?.length ?? 0), 0)
    compiledCalendars.set(key, checked.value, size)
  }
  return { ...sources, compiled: (name) => ready.get(name) }
}

const NONE: CalendarDefinition = { zone: 'UTC', layers: [] }
