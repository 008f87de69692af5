import type { AutomationDefinition, ScheduleInput } from '@orrery/contract'
import type { Exclude } from '@orrery/recurrence'
import type { Transaction } from '../database/database.ts'

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
export async function findAutomationsOn(tx: Transaction, org: string, calendar: string): Promise<string[]> {
  const { rows } = await tx.client.query<{ name: string; definition: AutomationDefinition }>(
    // Whoever has the name anywhere in its text: few, and looked at closely below.
    'select name, definition from app.automation where org_id = $1 and position($2 in definition::text) > 0 order by name',
    [org, JSON.stringify(calendar)],
  )
  return rows.filter(({ definition }) => schedulesOf(definition).flatMap(calendarsOf).includes(calendar)).map(({ name }) => name)
}

function schedulesOf({ schedule, triggers = [] }: AutomationDefinition): ScheduleInput[] {
  const given = [schedule, ...triggers.map((one) => (one.type === 'schedule' ? one.schedule : undefined))]
  // What is written as a text names no calendar.
  return given.filter((one) => typeof one === 'object')
}
