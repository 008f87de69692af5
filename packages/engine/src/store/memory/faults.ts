import type { Hint } from '../store.ts'

/** What goes wrong with one call. Times are virtual. */
export interface CallFault {
  /** Until the database does it. */
  readonly beforeMs: number
  /** Until the caller hears of it. */
  readonly afterMs: number
  /** The connection breaks before or after the database did it: the caller gets `Ambiguous`. */
  readonly broken: 'no' | 'before' | 'after'
  /** A reaper fences the calling worker just before. */
  readonly fence: boolean
}

export interface HintFault {
  readonly lost: boolean
  readonly delayMs: number
  /** It arrives a second time, that much later. */
  readonly repeatMs?: number
}

/** Decides what goes wrong; asked once for each call and for each hint and listener, so a seeded one makes a run repeatable. */
export interface Faults {
  call(method: string): CallFault
  hint(hint: Hint): HintFault
}

export const noFault: CallFault = { beforeMs: 0, afterMs: 0, broken: 'no', fence: false }
