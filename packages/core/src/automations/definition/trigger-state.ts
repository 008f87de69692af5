import type { AutomationRow, TriggerRow } from '../automation-row.ts'
import type { FiringMode, FiringState } from '../planning/firing-state.ts'
import type { Wake } from '../planning/plan-firings.ts'

type ModeColumns = Pick<AutomationRow, 'status' | 'snoozed_until'>

/** The state of a schedule, from its row and the mode of its automation. A schedule without a cursor begins now. */
export function toFiringState(trigger: TriggerRow, automation: ModeColumns, nowMs: number): FiringState {
  return {
    cursorMs: trigger.cursor_at?.getTime() ?? nowMs - 1,
    mode: toMode(automation),
    skipNext: trigger.skip_next,
    remaining: trigger.remaining,
  }
}

function toMode({ status, snoozed_until }: ModeColumns): FiringMode {
  if (status === 'paused') return { kind: 'paused' }
  return snoozed_until === null ? { kind: 'active' } : { kind: 'snoozed', untilMs: snoozed_until.getTime() }
}

const DAY_MS = 86_400_000

/** The row with a new state and wake time. A schedule whose search reached its limit is tried once a day. */
export function withState(trigger: TriggerRow, state: FiringState, wake: Wake, nowMs: number): TriggerRow {
  const isStuck = wake.kind === 'limit'
  const wakesAt = wake.kind === 'at' ? new Date(wake.atMs) : isStuck ? new Date(nowMs + DAY_MS) : null
  return {
    ...trigger,
    cursor_at: new Date(state.cursorMs),
    skip_next: state.skipNext,
    remaining: state.remaining,
    wakes_at: wakesAt,
    trouble: isStuck ? 'The search for the next occurrence reached its limit: the excludes leave hardly any time.' : null,
    troubles: 0,
  }
}

const RETRY_MS = { first: 5_000, max: 3_600_000 }

/** The row of a schedule that could not be planned or fired. It is tried again after a delay that doubles each time. */
export function withTrouble(trigger: TriggerRow, trouble: string, nowMs: number): TriggerRow {
  const waitMs = Math.min(RETRY_MS.max, RETRY_MS.first * 2 ** Math.min(trigger.troubles, 20))
  return { ...trigger, trouble: trouble.slice(0, 2000), troubles: trigger.troubles + 1, wakes_at: new Date(nowMs + waitMs) }
}
