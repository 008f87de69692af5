/** When a condition fires: as it becomes true, as it becomes false, as it becomes either, or while it is true, so often at most. */
export type ConditionMode = { readonly kind: 'rising' | 'falling' | 'change' } | { readonly kind: 'level'; readonly everyMs: number }

/** What a trigger keeps of its condition. */
export interface ConditionState {
  /** Its last value; null before it had any. */
  readonly value: boolean | null
  readonly firedAtMs: number | null
}

export const initialCondition: ConditionState = { value: null, firedAtMs: null }

export interface ConditionDecision {
  readonly isFiring: boolean
  readonly state: ConditionState
}

/**
 * Judges one evaluation. An edge has two sides: the first value is none. An evaluation without a value (null: a tool could not be asked)
 * changes nothing, so an edge is found once the value is there again. A level does not fire again while the clock is behind its last firing.
 */
export function decideCondition(mode: ConditionMode, state: ConditionState, value: boolean | null, nowMs: number): ConditionDecision {
  if (value === null) return { isFiring: false, state }
  const isFiring = fires(mode, state, value, nowMs)
  return { isFiring, state: { value, firedAtMs: isFiring ? nowMs : state.firedAtMs } }
}

function fires(mode: ConditionMode, { value: before, firedAtMs }: ConditionState, value: boolean, nowMs: number): boolean {
  switch (mode.kind) {
    case 'rising':
      return before === false && value
    case 'falling':
      return before === true && !value
    case 'change':
      return before !== null && before !== value
    case 'level':
      return value && (firedAtMs === null || nowMs - firedAtMs >= mode.everyMs)
  }
}
