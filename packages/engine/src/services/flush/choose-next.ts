import { type Batch, haveNoCommonRun } from './batch.ts'

/** The next action for the oldest queued batch: it waits, is sent whole, or is sent as two halves at once. */
export type NextFlush = 'wait' | 'whole' | 'halves'

export interface FlushState {
  /** Oldest first. */
  readonly queued: readonly Batch[]
  /** Batches in flight to the database. */
  readonly flights: ReadonlySet<Batch>
  /** The queue was empty when the last flush returned: process and database take turns waiting for each other. */
  readonly takesTurns: boolean
  /** The smallest number of runs in a batch that is sent while another is in flight. */
  readonly shareMin: number
}

/** The database writes one batch while this process builds the next or reacts to the last. */
const FLIGHTS_MAX = 2
/** A batch sent beside another must have at least this share of its runs, because each flush has a fixed cost. */
const SHARE = 0.9

/** Invariant: batches in flight at the same time have no run in common, so the rows of each run commit in order. */
export function chooseNext({ queued, flights, takesTurns, shareMin }: FlushState): NextFlush {
  const [oldest] = queued
  if (oldest === undefined || oldest.size === 0 || flights.size >= FLIGHTS_MAX) return 'wait'
  for (const flight of flights) {
    if (oldest.units.size < Math.max(shareMin, SHARE * flight.units.size) || !haveNoCommonRun(oldest, flight)) return 'wait'
  }
  return flights.size === 0 && takesTurns && oldest.units.size >= 2 * shareMin ? 'halves' : 'whole'
}
