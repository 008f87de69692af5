import type { Json, JsonObject } from '@orrery/contract'
import { formatTime, localDate } from '../expression/time-values.ts'

/** The values from which a scope is made. */
export interface ScopeParts {
  readonly params: JsonObject
  /** Results of steps, by `save_as`. */
  readonly steps: JsonObject
  /** When the step begins, in ms since 1970. */
  readonly nowMs: number
  /** IANA name. */
  readonly timezone: string
  /** More names at the top: `event`, `run`; `item` and `index` in a round, `error` in `on_error`. They cannot replace the fixed names. */
  readonly names?: Readonly<Record<string, Json>>
  /** The fuel that evaluation uses is added here. */
  readonly spent?: { fuel: number }
}

/** What the expressions of one step may read. */
export interface StepScope {
  readonly root: JsonObject
  readonly nowMs: number
  readonly timezone: string
  readonly spent?: { fuel: number }
}

/** Names that always exist; no other value may use them. */
export const FIXED_NAMES = ['params', 'steps', 'now', 'date', 'today', 'timezone'] as const

/** Throws ExpressionError for a time zone that does not exist or a time outside the years 1 to 9999. */
export function createScope({ params, steps, nowMs, timezone, names, spent }: ScopeParts): StepScope {
  const now = formatTime(nowMs)
  const date = localDate(nowMs, timezone)
  return { root: { ...names, params, steps, now, date, today: date, timezone }, nowMs, timezone, ...(spent === undefined ? {} : { spent }) }
}
