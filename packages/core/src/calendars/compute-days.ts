import { defineComputations } from '@orrery/kernel'
import { compileCalendar, type DayPlan, type Issue } from '@orrery/recurrence'
import { asRules } from './calendar-row.ts'
import { type CalendarsData, openCalendars } from './compile-calendars.ts'
import { type OverCalendars, SCHEDULE_MS_MAX } from './compute-over-calendars.ts'

export interface DaysQuery {
  readonly calendars: CalendarsData
  readonly name: string
  /** Days since 1970-01-01, both inclusive. */
  readonly from: number
  readonly to: number
}

export type FoundDays =
  | { readonly ok: true; readonly plans: readonly DayPlan[] }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** Pure, and as slow as the calendar wants. @computed */
export async function daysOf({ calendars, name, from, to }: DaysQuery): Promise<OverCalendars<FoundDays>> {
  const sources = await openCalendars(calendars)
  if (sources === null) return { kind: 'needs texts' }
  const ready = sources.compiled?.(name)
  const definition = new Map(calendars.definitions).get(name) ?? { zone: '', layers: [] }
  const checked = ready === undefined ? compileCalendar(asRules(definition), sources) : { ok: true as const, value: ready }
  if (!checked.ok) return { kind: 'done', value: checked }
  const plans = Array.from({ length: to - from + 1 }, (_, at) => checked.value.planOf(from + at))
  return { kind: 'done', value: { ok: true, plans } }
}

export const daysComputation = defineComputations(import.meta.url, { daysOf }, SCHEDULE_MS_MAX).daysOf
