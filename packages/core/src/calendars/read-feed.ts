import { defineComputations } from '@orrery/kernel'
import { describeProblems, parseICalendar } from '@orrery/recurrence'

export type ReadFeed =
  /** What was left out or is not understood, one sentence each. */
  { readonly warnings: readonly string[] } | { readonly failure: string }

/** Processor time. A feed of 20,000 events takes a second. */
const MS_MAX = 10_000

/** Reads the text of a feed as calendars do. Pure, and as slow as the feed wants. @computed */
export function readFeed(text: string): ReadFeed {
  // PostgreSQL cannot store it.
  if (text.includes('\u0000')) return { failure: 'The feed is not iCalendar text: it contains a NUL character' }
  const parsed = parseICalendar(text)
  if (!parsed.ok) return { failure: `The feed cannot be read: ${parsed.problem.message}` }
  return { warnings: describeProblems(text, parsed.value).map((warning) => warning.toWellFormed()) }
}

export const feedComputation = defineComputations(import.meta.url, { readFeed }, MS_MAX).readFeed
