import type { Transaction } from '@orrery/kernel'
import { closureOf } from './calendar-graph.ts'
import { basesOf, type CalendarRow, type FeedRow, feedsOf } from './calendar-row.ts'
import { selectCalendarsNamed } from './calendar-store.ts'
import type { CalendarsData, Pairs } from './compile-calendars.ts'
import { selectFeeds, selectTexts } from './feed-store.ts'

/** What the processes that compute get of calendars. */
export interface CalendarSources extends Omit<CalendarsData, 'texts'> {
  /** The texts of the feeds, in the transaction that read the calendars. */
  readTexts(): Promise<Pairs<string>>
}

/**
 * Reads what schedules need of an organization's calendars: the named ones and those they depend on. Each process that computes compiles a
 * calendar once per version of all its parts.
 */
export async function readCalendarSources(tx: Transaction, org: string, names: readonly string[]): Promise<CalendarSources> {
  if (names.length === 0) return { definitions: [], keys: [], readTexts: async () => [] }
  const rows = await readClosure(tx, org, names)
  const definitions = new Map([...rows].map(([name, { definition }]) => [name, definition]))
  const urls = [...definitions.values()].flatMap(feedsOf)
  const feeds = urls.length === 0 ? [] : await selectFeeds(tx, org, urls)
  const known = [...new Set(names)].filter((name) => rows.has(name))
  return {
    definitions: [...definitions],
    keys: known.map((name) => [name, keyOf(org, closureOf(definitions, [name]), rows, feeds)] as const),
    readTexts: async () => [...(await selectTexts(tx, org, urls))],
  }
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
