import { problem } from '@orrery/contract'
import { type AnswerTo, type Ctx, emitEvent, type InputFor, type Transaction, withOrg } from '@orrery/kernel'
import { basesOf, type CalendarRow, feedsOf, toCalendar } from './calendar-row.ts'
import { lockCalendars, removeCalendar, selectCalendars } from './calendar-store.ts'
import { selectFeeds } from './feed-store.ts'
import { findAutomationsUsing } from './find-calendar-uses.ts'
import { requireCalendar } from './get-calendar.ts'
import { syncFeeds } from './put-calendar.ts'

export function deleteCalendar(ctx: Ctx, input: InputFor<'calendars.delete'>): Promise<AnswerTo<'calendars.delete'>> {
  const name = input.calendar
  return withOrg(ctx, async (tx) => {
    await lockCalendars(tx, ctx.org, 'alone')
    const row = await requireCalendar(tx, ctx.org, name)
    const all = await selectCalendars(tx, ctx.org)
    await requireUnused(tx, ctx.org, name, all)
    const feeds = await selectFeeds(tx, ctx.org, feedsOf(row.definition))
    await removeCalendar(tx, ctx.org, name)
    await syncFeeds(
      tx,
      ctx.org,
      all,
      all.filter((one) => one.name !== name),
      new Date(ctx.clock.now()),
    )
    await emitEvent(ctx, 'calendar.deleted', name, { version: row.version })
    ctx.note(name, { version: row.version })
    return toCalendar(row, feeds)
  })
}

/** @throws calendar.in_use */
async function requireUnused(tx: Transaction, org: string, name: string, all: readonly CalendarRow[]): Promise<void> {
  const calendars = all.filter(({ definition }) => basesOf(definition).includes(name)).map((row) => `calendar ${row.name}`)
  const automations = (await findAutomationsUsing(tx, org, name)).map((one) => `automation ${one}`)
  const uses = [...calendars, ...automations]
  if (uses.length === 0) return
  const more = uses.length > 10 ? ` and ${uses.length - 10} more` : ''
  throw problem('calendar.in_use', `The calendar ${name} is named by ${uses.slice(0, 10).join(', ')}${more}.`)
}
