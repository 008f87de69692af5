import { problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, type InputFor, type Transaction, withOrg } from '@orrery/kernel'
import { type CalendarRow, feedsOf, toCalendar } from './calendar-row.ts'
import { selectCalendar } from './calendar-store.ts'
import { selectFeeds } from './feed-store.ts'

export function getCalendar(ctx: Ctx, input: InputFor<'calendars.get'>): Promise<AnswerTo<'calendars.get'>> {
  return withOrg(ctx, async (tx) => {
    const row = await requireCalendar(tx, ctx.org, input.calendar, input.version)
    return toCalendar(row, await selectFeeds(tx, ctx.org, feedsOf(row.definition)))
  })
}

/** @throws calendar.not_found */
export async function requireCalendar(tx: Transaction, org: string, name: string, version?: number): Promise<CalendarRow> {
  const row = await selectCalendar(tx, org, name, version ?? null)
  if (row !== undefined) return row
  throw problem('calendar.not_found', `There is no ${version === undefined ? '' : `version ${version} of a `}calendar ${name}.`)
}
