import type { CalendarDefinition } from '@orrery/contract'
import { boundedCache, type Transaction } from '@orrery/kernel'
import { type CompiledCalendar, compileCalendar, type ScheduleSources } from '@orrery/recurrence'
import { closureOf } from './calendar-graph.ts'
import { asRules, basesOf, type CalendarRow, type FeedRow, feedsOf } from './calendar-row.ts'
import { selectCalendarsNamed } from './calendar-store.ts'
import { selectFeeds, selectTexts } from './feed-store.ts'
import { loadHolidays } from './load-holidays.ts'

/**
 * Compiled calendars of this process. A changed calendar has another key, so entries are never out of date. The size of an entry is the
 * number of characters of its feeds. A feed of short events takes a hundred times its text, so the cache takes some GB at worst, and about
 * 100 MB usually.
 */
const compiledCalendars = boundedCache<CompiledCalendar>({ entriesMax: 500, sizeMax: 20_000_000 })

/**
 * Reads what `compileSchedule` and `compileCalendar` need of an organization's calendars: the named ones and those they depend on. Each
 * process compiles a calendar once per version of all its parts, and schedules share the result. An unusable calendar (for example, one
 * whose feed was not fetched yet) becomes an issue of the schedule that names it, at the path of the name.
 */
export async function readCalendarSources(tx: Transaction, org: string, names: readonly string[]): Promise<ScheduleSources> {
  if (names.length === 0) return {}
  const rows = await readClosure(tx, org, names)
  const definitions = new Map([...rows].map(([name, { definition }]) => [name, definition]))
  const urls = [...definitions.values()].flatMap(feedsOf)
  const feeds = urls.length === 0 ? [] : await selectFeeds(tx, org, urls)
  const keys = new Map(
    names.filter((name) => rows.has(name)).map((name) => [name, keyOf(org, closureOf(definitions, [name]), rows, feeds)]),
  )
  const ready = new Map([...keys].map(([name, key]) => [name, compiledCalendars.get(key)]))
  const missing = [...keys.keys()].filter((name) => ready.get(name) === undefined)
  const texts = await selectTexts(
    tx,
    org,
    [...closureOf(definitions, missing)].flatMap((name) => feedsIn(definitions, name)),
  )
  const sources = {
    calendars: (name: string) => {
      const definition = definitions.get(name)
      return definition && asRules(definition)
    },
    feeds: (url: string) => texts.get(url),
    ...(await loadHolidays(definitions.values())),
  }
  const compiled = new Map<string, CompiledCalendar>()
  for (const [name, key] of keys) {
    const definition = definitions.get(name)
    const calendar = ready.get(name) ?? (definition && compile(definition, sources))
    if (calendar === undefined) continue
    compiled.set(name, calendar)
    if (ready.get(name) === undefined) compiledCalendars.set(key, calendar, feedCharsIn(definitions, name, texts))
  }
  return { ...sources, compiled: (name) => compiled.get(name) }
}

/** Reads the named calendars and all that they depend on, with one query per level of nesting. */
async function readClosure(tx: Transaction, org: string, names: readonly string[]): Promise<Map<string, CalendarRow>> {
  const rows = new Map<string, CalendarRow>()
  for (let wanted = [...new Set(names)]; wanted.length > 0; ) {
    const found = await selectCalendarsNamed(tx, org, wanted)
    for (const row of found) rows.set(row.name, row)
    wanted = [...new Set(found.flatMap(({ definition }) => basesOf(definition)))].filter((name) => !rows.has(name))
  }
  return rows
}

function feedsIn(definitions: ReadonlyMap<string, CalendarDefinition>, name: string): string[] {
  const definition = definitions.get(name)
  return definition === undefined ? [] : feedsOf(definition)
}

/** A cache key of everything that the days of a calendar depend on. It contains times, because a reused name begins at version 1 again. */
function keyOf(org: string, closure: ReadonlySet<string>, rows: ReadonlyMap<string, CalendarRow>, feeds: readonly FeedRow[]): string {
  const members = [...rows.values()].filter(({ name }) => closure.has(name))
  const own = new Set(members.flatMap(({ definition }) => feedsOf(definition)))
  return JSON.stringify([
    org,
    members.map(({ name, version, updated_at }) => [name, version, updated_at.getTime()]).sort(),
    feeds.filter(({ url }) => own.has(url)).map(({ url, revision, changed_at }) => [url, revision, changed_at?.getTime()]),
  ])
}

function compile(definition: CalendarDefinition, sources: ScheduleSources): CompiledCalendar | undefined {
  const checked = compileCalendar(asRules(definition), sources)
  return checked.ok ? checked.value : undefined
}

function feedCharsIn(definitions: ReadonlyMap<string, CalendarDefinition>, name: string, texts: ReadonlyMap<string, string>): number {
  const urls = [...closureOf(definitions, [name])].flatMap((one) => feedsIn(definitions, one))
  return urls.reduce((sum, url) => sum + (texts.get(url)?.length ?? 0), 0)
}
