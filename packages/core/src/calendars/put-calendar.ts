import { type CalendarDefinition, problem } from '@orrery/contract'
import { type AnswerTo, appendEvents, type Ctx, canonicalJson, type InputFor, type Transaction, withOrg } from '@orrery/kernel'
import { toCalendarEvent, toUpdateEvents } from './calendar-events.ts'
import { type CalendarRow, feedsOf, toCalendar } from './calendar-row.ts'
import { insertVersion, lockCalendars, selectCalendars } from './calendar-store.ts'
import { addFeeds, removeFeeds, selectFeeds } from './feed-store.ts'
import { loadHolidays } from './load-holidays.ts'
import { requireValidCalendar } from './require-valid-calendar.ts'

/** Calendars per organization. Each change of one reads all of them. */
const CALENDARS_MAX = 500

export function putCalendar(ctx: Ctx, input: InputFor<'calendars.put'>): Promise<AnswerTo<'calendars.put'>> {
  const { calendar: name, ...definition } = input
  return withOrg(ctx, async (tx) => {
    await lockCalendars(tx, ctx.org, 'alone')
    const rows = await selectCalendars(tx, ctx.org)
    const before = rows.find((row) => row.name === name)
    const isSame = before !== undefined && canonicalJson(before.definition) === canonicalJson(definition)
    if (!isSame) await requireValidAmong(rows, name, definition)
    const row = isSame ? before : toRow(before, { name, definition, at: new Date(ctx.clock.now()) })
    if (!isSame) await write(ctx, tx, rows, row)
    ctx.note(name, { version: row.version })
    return toCalendar(row, await selectFeeds(tx, ctx.org, feedsOf(row.definition)))
  })
}

/** @throws calendar.invalid */
async function requireValidAmong(rows: readonly CalendarRow[], name: string, definition: CalendarDefinition): Promise<void> {
  const all = new Map(rows.map((row) => [row.name, row.definition])).set(name, definition)
  if (all.size > CALENDARS_MAX) throw problem('calendar.invalid', `An organization has at most ${CALENDARS_MAX} calendars.`)
  const { holidays } = await loadHolidays(all.values())
  requireValidCalendar(all, name, definition, holidays)
}

interface NewDefinition {
  readonly name: string
  readonly definition: CalendarDefinition
  readonly at: Date
}

function toRow(before: CalendarRow | undefined, { name, definition, at }: NewDefinition): CalendarRow {
  return { name, definition, version: (before?.version ?? 0) + 1, created_at: before?.created_at ?? at, updated_at: at }
}

async function write(ctx: Ctx, tx: Transaction, before: readonly CalendarRow[], row: CalendarRow): Promise<void> {
  const at = row.updated_at
  await insertVersion(tx, ctx.org, { ...row, at, actor: ctx.actor.id })
  const after = [...before.filter(({ name }) => name !== row.name), row]
  await syncFeeds(tx, ctx.org, before, after, at)
  ctx.afterCommit(() => ctx.engine.announceDue(at.getTime()))
  const events =
    row.version === 1
      ? [toCalendarEvent('calendar.created', row.name, { version: 1 })]
      : toUpdateEvents(after, [row.name], { cause: 'definition' })
  await appendEvents(ctx, tx, events)
}

/** Invariant (INV-16): a feed is stored exactly as long as a calendar uses it. */
export async function syncFeeds(
  tx: Transaction,
  org: string,
  before: readonly CalendarRow[],
  after: readonly CalendarRow[],
  at: Date,
): Promise<void> {
  const urlsOf = (rows: readonly CalendarRow[]) => new Set(rows.flatMap(({ definition }) => feedsOf(definition)))
  const [had, has] = [urlsOf(before), urlsOf(after)]
  await addFeeds(
    tx,
    org,
    [...has].filter((url) => !had.has(url)),
    at,
  )
  await removeFeeds(
    tx,
    org,
    [...had].filter((url) => !has.has(url)),
  )
}
