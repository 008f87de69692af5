import type { ChaosOptions } from './run-chaos.ts'

type Size = Pick<ChaosOptions, 'runs' | 'kills' | 'pauses' | 'databaseKills' | 'workers' | 'timeLimitMs'>

/** With every change: takes minutes on two cores. */
export const CI: Size = { runs: 3000, kills: 40, pauses: 40, databaseKills: 2, workers: 4, timeLimitMs: 600_000 }

/** Before a release: takes a quarter of an hour on two idle cores, longer on busy ones. */
export const FULL: Size = { runs: 50_000, kills: 300, pauses: 200, databaseKills: 10, workers: 4, timeLimitMs: 3_600_000 }

/** Enough pauses to cause stale writes with most seeds. */
export const CONTROL: Size = { runs: 500, kills: 4, pauses: 16, databaseKills: 0, workers: 4, timeLimitMs: 300_000 }
