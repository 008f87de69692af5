/** When a condition fires: when it becomes true, when it becomes false, at both, or while it is true, at most once per `everyMs`. */
export type ConditionMode = { readonly kind: 'rising' | 'falling' | 'change' } | { readonly kind: 'level'; readonly everyMs: number }

/** The state of a condition that its trigger keeps. */
export interface ConditionState {
  /** The last value; null: there has been none. */
  readonly value: boolean | null
  readonly firedAtMs: number | null
}

export const initialCondition: ConditionState = { value: null, firedAtMs: null }

export interface ConditionDecision {
  readonly isFiring: boolean
  readonly state: ConditionState
}

/**
 * Decides whether an evaluation makes the condition fire. The first value is not an edge. An evaluation without a value (null: the tool
 * failed) changes nothing, so an edge is found once there is a value again. A level does not fire again while the clock is behind its last
 * firing.
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
