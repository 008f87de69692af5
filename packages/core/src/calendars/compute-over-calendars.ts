import type { Ctx, defineComputations, Transaction } from '@orrery/kernel'
import type { Issue } from '@orrery/recurrence'
import type { CalendarsData } from './compile-calendars.ts'
import type { CalendarSources } from './read-calendar-sources.ts'

/** `needs texts`: the process does not have the calendars yet, and asks for the texts of their feeds. */
export type OverCalendars<T> = { readonly kind: 'done'; readonly value: T } | { readonly kind: 'needs texts' }

type ComputationOf<Input, Output> = ReturnType<
  typeof defineComputations<{ computation: (input: Input) => Promise<OverCalendars<Output>> }>
>['computation']

/** Processor time. A feed of 20,000 events takes two seconds to read. */
export const SCHEDULE_MS_MAX = 10_000

/** @throws rate_limited */
export async function computeOverCalendars<Args, Output>(
  { org, kernel: { compute } }: Pick<Ctx, 'org' | 'kernel'>,
  tx: Transaction | null,
  sources: CalendarSources,
  computation: ComputationOf<Args & { readonly calendars: CalendarsData }, Output>,
  args: Args,
): Promise<{ readonly ok: true; readonly value: Output } | { readonly ok: false; readonly issues: readonly Issue[] }> {
  const { definitions, keys } = sources
  const ask = (texts: CalendarsData['texts']) =>
    compute.run(org, computation, { ...args, calendars: { definitions, keys, texts } }, tx !== null)
  let answer = await ask(null)
  if (answer.outcome === 'done' && answer.value.kind === 'needs texts') answer = await ask(await sources.readTexts())
  if (answer.outcome === 'done') {
    if (answer.value.kind === 'done') return { ok: true, value: answer.value.value }
    throw new Error('A process that computes asked for the texts of feeds twice')
  }
  const limit = answer.outcome === 'timeout' ? `${answer.limitMs / 1000} s of processor time` : `${answer.limitMb} MB of memory`
  const [path, message] =
    definitions.length > 0
      ? ['calendar.id', `the schedule with its calendars takes more than ${limit} to compute; its feeds have too many events or series`]
      : ['include', `the schedule takes more than ${limit} to compute; give fewer or simpler rules`]
  return { ok: false, issues: [{ path, message }] }
}
