/** The common interface of everything that recurs. */

/** Why there is no next instant: the recurrence has ended, or the search reached its limit of work. */
export type Halt = 'ended' | 'limit'

/** Distinct instants in ascending order. Starting at any point costs the same. Milliseconds since 1970-01-01T00:00Z. */
export interface Instants {
  /** The first instant after `afterMs`, exclusive. */
  next(afterMs: number): number | Halt
}

export const never: Instants = { next: () => 'ended' }

/** A list; it is sorted here, and duplicates are removed. */
export function fromList(instantsMs: readonly number[]): Instants {
  const sorted = [...new Set(instantsMs)].sort((a, b) => a - b)
  return {
    next(afterMs) {
      let low = 0
      let high = sorted.length
      while (low < high) {
        const middle = (low + high) >> 1
        if ((sorted[middle] ?? 0) > afterMs) high = middle
        else low = middle + 1
      }
      return sorted[low] ?? 'ended'
    },
  }
}

/**
 * Caches the last answer while it is valid. A caller that walks from instant to instant asks the same question many times: of a hundred
 * rules only one has moved on.
 */
export function remember(instants: Instants): Instants {
  let askedMs = Number.POSITIVE_INFINITY
  let answer: number | Halt = 'limit'
  return {
    next(afterMs) {
      const isStillRight = afterMs >= askedMs && (typeof answer === 'number' ? answer > afterMs : answer === 'ended')
      if (isStillRight) return answer
      answer = instants.next(afterMs)
      askedMs = afterMs
      return answer
    },
  }
}

export function unite(parts: readonly Instants[]): Instants {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  const remembered = parts.map(remember)
  return {
    next(afterMs) {
      let earliest: number | Halt = 'ended'
      for (const part of remembered) {
        const next = part.next(afterMs)
        if (next === 'limit') return 'limit'
        if (next !== 'ended' && (earliest === 'ended' || next < earliest)) earliest = next
      }
      return earliest
    },
  }
}

/** Only the instants from `fromMs` to `toMs`, both inclusive. */
export function within(instants: Instants, fromMs: number, toMs: number): Instants {
  return {
    next(afterMs) {
      if (afterMs >= toMs) return 'ended'
      const next = instants.next(Math.max(afterMs, fromMs - 1))
      return typeof next === 'number' && next > toMs ? 'ended' : next
    },
  }
}

/**
 * Only the first `count` instants. The last of them is found by walking there once, as far as queries require, and then remembered: after
 * that a query costs as much as without a count.
 */
export function first(instants: Instants, count: number): Instants {
  let counted = 0
  let reachedMs = Number.NEGATIVE_INFINITY
  return {
    next(afterMs) {
      while (counted < count && reachedMs <= afterMs) {
        const next = instants.next(reachedMs)
        if (typeof next !== 'number') return next
        reachedMs = next
        counted += 1
      }
      // All instants up to `reachedMs` are among the first `count`.
      if (afterMs >= reachedMs) return 'ended'
      return instants.next(afterMs)
    },
  }
}
