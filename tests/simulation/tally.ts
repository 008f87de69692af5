import type { SimulationResult } from '../../packages/engine/src/testing/simulation.ts'

/** The seeds to run, and how. */
export interface SeedsOrder {
  readonly from: number
  readonly seeds: number
  readonly fencing: boolean
  /** Every n-th seed runs twice. */
  readonly recheck: number
}

export interface FailedSeed {
  readonly seed: number
  readonly problems: readonly string[]
}

/** The results of many seeds. Plain data, because it crosses processes. */
export interface Tally {
  seeds: number
  events: number
  /** Seeds run twice. A seed whose second run differs is among the failures. */
  rechecked: number
  failures: number
  /** The first few. */
  readonly failed: FailedSeed[]
  readonly counts: Record<string, number>
}

const KEPT_MAX = 50

export const newTally = (): Tally => ({ seeds: 0, events: 0, rechecked: 0, failures: 0, failed: [], counts: {} })

export function addResult(tally: Tally, { seed, events, counts }: SimulationResult, problems: readonly string[]): void {
  const failed = problems.length === 0 ? [] : [{ seed, problems }]
  addTally(tally, { seeds: 1, events, rechecked: 0, failures: failed.length, failed, counts: Object.fromEntries(counts) })
}

export function addTally(tally: Tally, other: Tally): void {
  tally.seeds += other.seeds
  tally.events += other.events
  tally.rechecked += other.rechecked
  tally.failures += other.failures
  tally.failed.push(...other.failed.slice(0, KEPT_MAX - tally.failed.length))
  for (const [name, count] of Object.entries(other.counts)) tally.counts[name] = (tally.counts[name] ?? 0) + count
}

export function describeTally(tally: Tally, seconds: number): string {
  const counts = Object.entries(tally.counts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${count} ${name}`)
  const speed = `${seconds.toFixed(1)} s, ${Math.round(tally.seeds / seconds)} seeds/s`
  return `${tally.seeds} seeds (${tally.rechecked} twice), ${tally.events} events, ${speed}: ${counts.join(', ')}; ${tally.failures} failed`
}

export function describeFailure({ seed, problems }: FailedSeed): string {
  return `seed ${seed}: ${problems.slice(0, 3).join(' | ')}`
}
