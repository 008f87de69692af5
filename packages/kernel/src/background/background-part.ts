import type { DueKind } from '../due/due-kind.ts'
import type { ConsumerSpec } from '../events/consume-events.ts'

/** Work of a part of the product that returns at intervals: it removes what is old, or repairs what was missed. */
export interface Sweep {
  /** For the log. */
  readonly name: string
  /** From the end of one to the beginning of the next. */
  readonly everyMs: number
  /** Does one batch, over all organizations. Any process may do it at any time. @returns whether there may be more to do at once */
  sweep(): Promise<boolean>
}

/** What a part of the product does without being called. */
export interface BackgroundPart {
  readonly due?: readonly DueKind[]
  readonly consumers?: readonly ConsumerSpec[]
  readonly sweeps?: readonly Sweep[]
  /** Ends work that is in progress beside the loops; it has been told to stop before this resolves. */
  stop?(): Promise<void>
}

const SWEEP_EVERY_MS = 600_000

/** A sweep every ten minutes, in batches: a full batch means that there may be more. @param work returns how many rows it did */
export function sweepInBatches(name: string, batch: number, work: () => Promise<number>): Sweep {
  return { name, everyMs: SWEEP_EVERY_MS, sweep: async () => (await work()) >= batch }
}
