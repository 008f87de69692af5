import type { Ctx, Transaction } from '@orrery/kernel'
import { NO_CALENDARS } from '../../calendars/compile-calendars.ts'
import { computeOverCalendars, type OverCalendars } from '../../calendars/compute-over-calendars.ts'
import type { CalendarSources } from '../../calendars/read-calendar-sources.ts'
import { isSmallSchedule } from '../../schedules/is-small-schedule.ts'
import type { StoredSchedule } from '../automation-row.ts'
import { type TimetableAnswer, type TimetableQuery, timetableComputations, timetableFunctions } from './compute-timetable.ts'

type Computations = typeof timetableComputations
type Args<Name extends keyof Computations> = Parameters<(typeof timetableFunctions)[Name]>[0]['args']
type Value<Name extends keyof Computations> =
  Awaited<ReturnType<(typeof timetableFunctions)[Name]>> extends OverCalendars<TimetableAnswer<infer T>> ? T : never

/** The calendars, and the transaction in which they were read. */
export interface TimetableSources {
  readonly tx: Transaction
  readonly calendars: CalendarSources
}

/**
 * Asks something of the schedule of a trigger. Small schedules are computed here, which takes less than a message to another process.
 * @throws rate_limited
 */
export async function askTimetable<Name extends keyof Computations>(
  context: Pick<Ctx, 'org' | 'kernel'>,
  { tx, calendars }: TimetableSources,
  name: Name,
  { trigger, triggerId, args }: { readonly trigger: StoredSchedule; readonly triggerId: string; readonly args: Args<Name> },
): Promise<TimetableAnswer<Value<Name>>> {
  type Query = TimetableQuery<Args<Name>>
  type Answer = TimetableAnswer<Value<Name>>
  const query = { trigger, triggerId, args }
  if (isSmallSchedule(trigger.schedule)) {
    const run = timetableFunctions[name] as unknown as (query: Query) => Promise<OverCalendars<Answer>>
    const computed = await run({ ...query, calendars: NO_CALENDARS })
    if (computed.kind === 'done') return computed.value
  }
  const computation = timetableComputations[name] as unknown as Parameters<typeof computeOverCalendars<Omit<Query, 'calendars'>, Answer>>[3]
  const computed = await computeOverCalendars<Omit<Query, 'calendars'>, Answer>(context, tx, calendars, computation, query)
  return computed.ok ? computed.value : computed
}
