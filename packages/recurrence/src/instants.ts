/** The one shape of everything that recurs. */

/** Why there is no next instant: nothing follows, or nothing was found within the bound of work that one question may cost. */
export type Halt = 'ended' | 'limit'

/** Instants in ascending order, each once, that can be entered anywhere at the same cost. Milliseconds since 1970-01-01T00:00Z. */
export interface Instants {
  /** The first instant after `afterMs`, which is itself never returned. */
  next(afterMs: number): number | Halt
}

export const never: Instants = { next: () => 'ended' }

/** A list, sorted here, without duplicates. */
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
 * Keeps the last answer for as long as it is right, which whoever goes on from one instant to the next asks for again and again: of a hundred
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
 * Only the first `count` instants. Where the last one lies is found by walking there once, as far as the questions need, and then kept:
 * after that, asking costs what it costs without a count.
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
      // Everything up to `reachedMs` is among the first.
      if (afterMs >= reachedMs) return 'ended'
      return instants.next(afterMs)
    },
  }
}
