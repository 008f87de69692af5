/** Shortcuts for tests. */
import { type CalendarSources, type CompiledSchedule, compileSchedule, formatIso, occurrencesBetween, type Schedule } from './index.ts'

export function compiled(schedule: Schedule, sources?: CalendarSources): CompiledSchedule {
  const checked = compileSchedule(schedule, sources)
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues))
  return checked.value
}

/** The first `count` occurrences from an instant on, in local time of the schedule's zone: `2026-03-08T03:30:00-04:00`. */
export function listLocal(schedule: Schedule, from: string, count: number, sources?: CalendarSources): string[] {
  const one = compiled(schedule, sources)
  const { occurrences } = occurrencesBetween(one, Date.parse(from), Date.UTC(9999, 0, 1), count)
  return occurrences.map(({ nominalMs }) => formatIso(one.zone, nominalMs))
}

/** The occurrences of a rule in UTC, in iCalendar's format. */
export function listRule(rrule: string, start: string, count: number): string[] {
  const lines = listLocal(
    { zone: 'UTC', include: [{ kind: 'rrule', rrule: `DTSTART:${start}\nRRULE:${rrule}` }] },
    '1900-01-05T00:00:00Z',
    count,
  )
  return lines.map((line) => line.slice(0, 19).replaceAll(/[-:]/g, ''))
}
