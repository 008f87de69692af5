import type { Hint } from '../store.ts'

/** The faults of one call. Times are virtual. */
export interface CallFault {
  /** Delay before the database performs the call. */
  readonly beforeMs: number
  /** Delay before the caller gets the result. */
  readonly afterMs: number
  /** The connection breaks before or after the database has performed the call. The caller gets `Ambiguous`. */
  readonly broken: 'no' | 'before' | 'after'
  /** A reaper fences the calling worker just before the call. */
  readonly fence: boolean
}

export interface HintFault {
  readonly lost: boolean
  readonly delayMs: number
  /** A copy of the hint arrives this much later. */
  readonly repeatMs?: number
}

/** Chooses the faults. Asked once for each call, and once for each hint and listener, so a seeded one makes a run repeatable. */
export interface Faults {
  call(method: string): CallFault
  hint(hint: Hint): HintFault
}

export const noFault: CallFault = { beforeMs: 0, afterMs: 0, broken: 'no', fence: false }
