import { type AnswerTo, type Ctx, decodeCursor, type InputFor, toPage, withOrg } from '@orrery/kernel'
import { selectVersions } from './calendar-store.ts'
import { requireCalendar } from './get-calendar.ts'

/** A cursor's version must fit the integer column. */
const VERSION_FORM = /^\d{1,9}$/

export function listCalendarVersions(ctx: Ctx, input: InputFor<'calendars.versions'>): Promise<AnswerTo<'calendars.versions'>> {
  const [before] = decodeCursor(input.cursor, [VERSION_FORM]) ?? []
  return withOrg(ctx, async (tx) => {
    await requireCalendar(tx, ctx.org, input.calendar)
    const rows = await selectVersions(tx, ctx.org, input.calendar, before === undefined ? null : Number(before), input.limit + 1)
    const toVersion = (row: (typeof rows)[number]) => ({ ...row, at: row.at.toISOString() })
    return toPage(rows, input.limit, toVersion, (row) => [row.version])
  })
}
