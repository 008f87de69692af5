import { type Instants, remember } from '../instants.ts'

/** Something that occurrences are taken away by. */
export interface Exclusion {
  /**
   * The last millisecond from `instantMs` on up to which everything is excluded, so that a search can go on after it; undefined if
   * `instantMs` is not excluded.
   */
  excludedUntil(instantMs: number): number | undefined
}

/** Exclusions that leave nothing over are noticed after so many occurrences; the answer is 'limit'. */
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

/** Excludes exactly the instants of something that recurs. */
export function excludeInstants(instants: Instants): Exclusion {
  const { next } = remember(instants)
  return { excludedUntil: (instantMs) => (next(instantMs - 1) === instantMs ? instantMs : undefined) }
}

export interface Range {
  readonly fromMs: number
  /** Exclusive. */
  readonly toMs: number
}

/** Excludes what lies in one of some ranges. */
export function excludeRanges(ranges: readonly Range[]): Exclusion {
  const sorted = ranges.toSorted((a, b) => a.fromMs - b.fromMs)
  // The furthest end up to each range, so that a search can go back past ranges inside of longer ones.
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
