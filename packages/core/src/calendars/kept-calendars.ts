import type { CompiledCalendar } from '@orrery/recurrence'

export interface KeptCalendars {
  get(key: string): CompiledCalendar | undefined
  /** @param feedChars length of the texts it was made of: what it takes in memory grows with them. */
  keep(key: string, calendar: CompiledCalendar, feedChars: number): void
}

interface Kept {
  readonly calendar: CompiledCalendar
  readonly feedChars: number
}

/** Compiled calendars, those that were used least lately the first to go when there are too many, or too much feed in them. */
export function keepCalendars(countMax: number, feedCharsMax: number): KeptCalendars {
  const known = new Map<string, Kept>()
  let chars = 0
  const forget = (key: string): void => {
    chars -= known.get(key)?.feedChars ?? 0
    known.delete(key)
  }
  const add = (key: string, kept: Kept): void => {
    forget(key)
    known.set(key, kept)
    chars += kept.feedChars
  }
  return {
    get(key) {
      const kept = known.get(key)
      if (kept !== undefined) add(key, kept)
      return kept?.calendar
    },
    keep(key, calendar, feedChars) {
      add(key, { calendar, feedChars })
      for (const oldest of known.keys()) {
        // The newest stays, whatever its size: it would be compiled at each question.
        if (oldest === key || (known.size <= countMax && chars <= feedCharsMax)) break
        forget(oldest)
      }
    },
  }
}
