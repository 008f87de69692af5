import type { Json, JsonObject } from '@orrery/contract'
import { formatTime, localDate } from '../expression/time-values.ts'

/** What a step may read. */
export interface ScopeParts {
  readonly params: JsonObject
  /** What steps gave, by `save_as`. */
  readonly steps: JsonObject
  /** When the step begins, in ms since 1970. */
  readonly nowMs: number
  /** IANA name. */
  readonly timezone: string
  /** More names at the top: `event`, `run`; `item` and `index` in a round, `error` in `on_error`. They hide none of the others. */
  readonly names?: Readonly<Record<string, Json>>
  /** Where whoever evaluates adds what it cost. */
  readonly spent?: { fuel: number }
}

export interface Scope {
  readonly root: JsonObject
  readonly nowMs: number
  readonly timezone: string
  readonly spent?: { fuel: number }
}

/** Names that are always there; nothing else may be called so. */
export const FIXED_NAMES = ['params', 'steps', 'now', 'date', 'today', 'timezone'] as const

/** Throws ExpressionError for a time zone that does not exist or a time outside the years 1 to 9999. */
export function createScope({ params, steps, nowMs, timezone, names, spent }: ScopeParts): Scope {
  const now = formatTime(nowMs)
  const date = localDate(nowMs, timezone)
  return { root: { ...names, params, steps, now, date, today: date, timezone }, nowMs, timezone, ...(spent === undefined ? {} : { spent }) }
}
