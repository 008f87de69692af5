import type { DueKind } from '../due/due-kind.ts'
import type { ConsumerSpec } from '../events/consume-events.ts'

/** Periodic work of a part of the product: it deletes old rows, or repairs what was missed. */
export interface Sweep {
  /** Used in the log. */
  readonly name: string
  /** From the end of one sweep to the start of the next. */
  readonly everyMs: number
  /** Does one batch, over all organizations. Any process may call it at any time. @returns whether more work may remain */
  sweep(): Promise<boolean>
  /** Takes what starts the next sweep at once. Absent: sweeps start at their interval only. */
  onHint?(wake: () => void): void
}

/** The background work of a part of the product: what it does without being called. */
export interface BackgroundPart {
  readonly due?: readonly DueKind[]
  readonly consumers?: readonly ConsumerSpec[]
  readonly sweeps?: readonly Sweep[]
  /** Stops work that runs beside the loops. Resolves when that work has ended. */
  stop?(): Promise<void>
}

const SWEEP_EVERY_MS = 600_000

/** A sweep every ten minutes, in batches: a full batch means that more rows may remain. @param work returns how many rows it handled */
export function sweepInBatches(name: string, batch: number, work: () => Promise<number>): Sweep {
  return { name, everyMs: SWEEP_EVERY_MS, sweep: async () => (await work()) >= batch }
}
