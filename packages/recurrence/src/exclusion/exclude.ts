import { type Instants, remember } from '../instants.ts'

/** Excludes occurrences of a schedule. */
export interface Exclusion {
  /**
   * The last millisecond of the excluded period that contains `instantMs`, so that a search can continue after it; undefined if `instantMs`
   * is not excluded.
   */
  excludedUntil(instantMs: number): number | undefined
}

/** After this many excluded occurrences in a row the answer is 'limit': the exclusions may leave nothing. */
const EXCLUDED_MAX = 10_000

export function exclude(instants: Instants, exclusions: readonly Exclusion[]): Instants {
  if (exclusions.length === 0) return instants
  return {
    next(afterMs) {
      let after = afterMs
      for (let step = 0; step < EXCLUDED_MAX; step++) {
        const next = instants.next(after)
        if (typeof next !== 'number') return next
        const until = excludedUntil(exclusions, next)
        if (until === undefined) return next
        after = until
      }
      return 'limit'
    },
  }
}

function excludedUntil(exclusions: readonly Exclusion[], instantMs: number): number | undefined {
  let latest: number | undefined
  for (const exclusion of exclusions) {
    const until = exclusion.excludedUntil(instantMs)
    if (until !== undefined && (latest === undefined || until > latest)) latest = until
  }
  return latest
}

/** Excludes exactly the instants of another recurrence. */
export function excludeInstants(instants: Instants): Exclusion {
  const { next } = remember(instants)
  return { excludedUntil: (instantMs) => (next(instantMs - 1) === instantMs ? instantMs : undefined) }
}

export interface Range {
  readonly fromMs: number
  /** Exclusive. */
  readonly toMs: number
}

/** Excludes everything inside one of the ranges. */
export function excludeRanges(ranges: readonly Range[]): Exclusion {
  const sorted = ranges.toSorted((a, b) => a.fromMs - b.fromMs)
  // For each range, the latest end so far: a search must also find longer ranges that began earlier.
  let furthest = Number.NEGATIVE_INFINITY
  const ends = sorted.map(({ toMs }) => (furthest = Math.max(furthest, toMs)))
  return {
    excludedUntil(instantMs) {
      let low = 0
      let high = sorted.length
      while (low < high) {
        const middle = (low + high) >> 1
        if ((sorted[middle]?.fromMs ?? 0) > instantMs) high = middle
        else low = middle + 1
      }
      const end = ends[low - 1]
      return end !== undefined && end > instantMs ? end - 1 : undefined
    },
  }
}
