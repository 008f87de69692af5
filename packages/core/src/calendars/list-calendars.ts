import { type AnswerTo, type Ctx, decodeCursor, type InputFor, TEXT_FORM, toPage, withOrg } from '@orrery/kernel'
import { type CalendarRow, feedsOf } from './calendar-row.ts'
import { selectCalendars } from './calendar-store.ts'
import { selectFeeds } from './feed-store.ts'

export function listCalendars(ctx: Ctx, input: InputFor<'calendars.list'>): Promise<AnswerTo<'calendars.list'>> {
  const [after = ''] = decodeCursor(input.cursor, [TEXT_FORM]) ?? []
  return withOrg(ctx, async (tx) => {
    const rows = await selectCalendars(tx, ctx.org, after, input.limit + 1)
    const feeds = await selectFeeds(
      tx,
      ctx.org,
      rows.flatMap(({ definition }) => feedsOf(definition)),
    )
    const failing = new Set(feeds.filter(({ failure }) => failure !== null).map(({ url }) => url))
    return toPage(
      rows,
      input.limit,
      (row) => toSummary(row, failing),
      (row) => [row.name],
    )
  })
}

function toSummary({ name, version, definition, created_at, updated_at }: CalendarRow, failing: ReadonlySet<string>) {
  return {
    name,
    version,
    zone: definition.zone,
    layers: definition.layers.map(({ kind }) => kind),
    failing: feedsOf(definition).filter((url) => failing.has(url)),
    createdAt: created_at.toISOString(),
    updatedAt: updated_at.toISOString(),
  }
}
