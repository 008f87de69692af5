import type { AutomationDefinition, ScheduleInput } from '@orrery/contract'
import type { Transaction } from '@orrery/kernel'
import type { Exclude } from '@orrery/recurrence'
import { selectAutomationsNaming } from './calendar-store.ts'

/** A schedule as it is given or as it is stored. */
interface UsesCalendars {
  readonly calendar?: { readonly id: string } | undefined
  readonly exclude?: readonly (Exclude | NonNullable<ScheduleInput['exclude']>[number])[] | undefined
}

/** Names of the calendars that a schedule uses, each once. */
export function calendarsOf(schedule: UsesCalendars): string[] {
  const excluded = (schedule.exclude ?? []).flatMap((one) => (one.kind === 'calendar' ? [one.calendar] : []))
  return [...new Set([...(schedule.calendar === undefined ? [] : [schedule.calendar.id]), ...excluded])]
}

/** Names of the automations whose schedules use a calendar. */
export async function findAutomationsUsing(tx: Transaction, org: string, calendar: string): Promise<string[]> {
  const candidates = await selectAutomationsNaming(tx, org, calendar)
  return candidates.filter(({ definition }) => schedulesOf(definition).flatMap(calendarsOf).includes(calendar)).map(({ name }) => name)
}

function schedulesOf({ schedule, triggers = [] }: AutomationDefinition): ScheduleInput[] {
  const given = [schedule, ...triggers.map((one) => (one.type === 'schedule' ? one.schedule : undefined))]
  // A schedule in text form cannot name a calendar.
  return given.filter((one) => typeof one === 'object')
}
