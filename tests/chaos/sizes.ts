import type { FaultCounts } from './faults.ts'
import type { ChaosOptions } from './run-chaos.ts'

type Size = Pick<ChaosOptions, 'runs' | 'faults' | 'workers' | 'timeLimitMs'>

const none: FaultCounts = {
  kills: 0,
  pauses: 0,
  resets: 0,
  silences: 0,
  partitions: 0,
  delays: 0,
  dribbles: 0,
  databaseKills: 0,
  databaseStops: 0,
  fullDisks: 0,
}

/** With every change: takes minutes on two cores. */
export const CI: Size = {
  runs: 2500,
  faults: {
    kills: 20,
    pauses: 20,
    resets: 5,
    silences: 5,
    partitions: 5,
    delays: 4,
    dribbles: 4,
    databaseKills: 2,
    databaseStops: 2,
    fullDisks: 2,
  },
  workers: 4,
  timeLimitMs: 600_000,
}

/** Before a release: takes half an hour on two busy cores. */
export const FULL: Size = {
  runs: 20_000,
  faults: {
    kills: 120,
    pauses: 80,
    resets: 40,
    silences: 40,
    partitions: 40,
    delays: 30,
    dribbles: 30,
    databaseKills: 8,
    databaseStops: 8,
    fullDisks: 8,
  },
  workers: 4,
  timeLimitMs: 3_600_000,
}

/** Enough pauses to cause stale writes with most seeds. */
export const CONTROL: Size = { runs: 500, faults: { ...none, kills: 4, pauses: 16 }, workers: 4, timeLimitMs: 300_000 }
