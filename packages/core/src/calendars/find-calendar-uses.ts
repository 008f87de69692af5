import type { AutomationDefinition, ScheduleInput } from '@orrery/contract'
import type { Transaction } from '@orrery/kernel'
import type { Exclude } from '@orrery/recurrence'
import { selectAutomationsNaming } from './calendar-store.ts'

/** As it was given or as it is kept. */
interface AsksCalendars {
  readonly calendar?: { readonly id: string } | undefined
  readonly exclude?: readonly (Exclude | NonNullable<ScheduleInput['exclude']>[number])[] | undefined
}

/** Names of the calendars that a schedule asks, each once. */
export function calendarsOf(schedule: AsksCalendars): string[] {
  const excluded = (schedule.exclude ?? []).flatMap((one) => (one.kind === 'calendar' ? [one.calendar] : []))
  return [...new Set([...(schedule.calendar === undefined ? [] : [schedule.calendar.id]), ...excluded])]
}

/** Names of the automations whose schedules ask a calendar. */
export async function findAutomationsUsing(tx: Transaction, org: string, calendar: string): Promise<string[]> {
  const candidates = await selectAutomationsNaming(tx, org, calendar)
  return candidates.filter(({ definition }) => schedulesOf(definition).flatMap(calendarsOf).includes(calendar)).map(({ name }) => name)
}

function schedulesOf({ schedule, triggers = [] }: AutomationDefinition): ScheduleInput[] {
  const given = [schedule, ...triggers.map((one) => (one.type === 'schedule' ? one.schedule : undefined))]
  // What is written as a text names no calendar.
  return given.filter((one) => typeof one === 'object')
}
