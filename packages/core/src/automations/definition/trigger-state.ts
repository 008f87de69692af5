import type { AutomationRow, TriggerRow } from '../automation-row.ts'
import type { FiringMode, FiringState } from '../planning/firing-state.ts'
import type { Wake } from '../planning/plan-firings.ts'

type ModeColumns = Pick<AutomationRow, 'status' | 'snoozed_until'>

/** Where a schedule stands: its own row, and the mode of its automation. One that never began begins now. */
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

const dayMs = 86_400_000

/** The row with a state and what comes next. A schedule that is too much work is looked at once a day. */
export function withState(trigger: TriggerRow, state: FiringState, wake: Wake, nowMs: number): TriggerRow {
  const isStuck = wake.kind === 'limit'
  const wakesAt = wake.kind === 'at' ? new Date(wake.atMs) : isStuck ? new Date(nowMs + dayMs) : null
  return {
    ...trigger,
    cursor_at: new Date(state.cursorMs),
    skip_next: state.skipNext,
    remaining: state.remaining,
    wakes_at: wakesAt,
    trouble: isStuck
      ? 'The next occurrence was not found within the work that it may cost: its excludes leave hardly anything over.'
      : null,
    troubles: 0,
  }
}

const troubleMs = { first: 5_000, most: 3_600_000 }

/** It could not be planned or fired. It is tried again, later each time. */
export function withTrouble(trigger: TriggerRow, trouble: string, nowMs: number): TriggerRow {
  const waitMs = Math.min(troubleMs.most, troubleMs.first * 2 ** Math.min(trigger.troubles, 20))
  return { ...trigger, trouble: trouble.slice(0, 2000), troubles: trigger.troubles + 1, wakes_at: new Date(nowMs + waitMs) }
}
