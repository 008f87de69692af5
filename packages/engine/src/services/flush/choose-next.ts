import { type Batch, isApart } from './batch.ts'

/** What happens to the oldest queued batch now: it waits, goes out whole, or goes out as two halves beside each other. */
export type NextFlush = 'wait' | 'whole' | 'halves'

export interface FlushState {
  /** Oldest first. */
  readonly queued: readonly Batch[]
  /** Batches on their way to the database. */
  readonly flights: ReadonlySet<Batch>
  /** Nothing was queued when the last flush returned: this process and the database wait for each other in turn. */
  readonly takesTurns: boolean
  /** The fewest runs in a batch that goes out beside another. */
  readonly shareMin: number
}

/** The database writes one batch while this process builds the other, or reacts to it. */
const FLIGHTS_MAX = 2
/** A batch beside another has nearly as many runs, since each flush has a cost of its own. */
const SHARE = 0.9

/** Invariant: batches on their way at the same time have no run in common, so that the rows of each run commit in their order. */
export function chooseNext({ queued, flights, takesTurns, shareMin }: FlushState): NextFlush {
  const [oldest] = queued
  if (oldest === undefined || oldest.size === 0 || flights.size >= FLIGHTS_MAX) return 'wait'
  for (const flight of flights) {
    if (oldest.units.size < Math.max(shareMin, SHARE * flight.units.size) || !isApart(oldest, flight)) return 'wait'
  }
  return flights.size === 0 && takesTurns && oldest.units.size >= 2 * shareMin ? 'halves' : 'whole'
}
