import { type AnswerTo, type Ctx, type InputFor, withOrg } from '@orrery/kernel'
import { feedsOf, toCalendar } from './calendar-row.ts'
import { makeFeedsDue, selectFeeds } from './feed-store.ts'
import { requireCalendar } from './get-calendar.ts'

/** Makes the feeds of a calendar due. The fetch itself happens outside of any transaction, which a slow server would keep open. */
export function refreshCalendar(ctx: Ctx, input: InputFor<'calendars.refresh'>): Promise<AnswerTo<'calendars.refresh'>> {
  return withOrg(ctx, async (tx) => {
    const row = await requireCalendar(tx, ctx.org, input.calendar)
    const urls = feedsOf(row.definition)
    const now = ctx.clock.now()
    await makeFeedsDue(tx, ctx.org, urls, new Date(now))
    ctx.afterCommit(() => ctx.engine.announceDue(now))
    return toCalendar(row, await selectFeeds(tx, ctx.org, urls))
  })
}
