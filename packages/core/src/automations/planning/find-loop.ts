/** The longest chain of firings that cause one another. The next firing counts as a loop. */
const CHAIN_MAX = 17

/** A firing that a run requests for this much later begins a new chain: what repeats so slowly is a schedule, not a loop. */
const NEW_CHAIN_MS = 3_600_000

/** How many firings led to one that a run requests. @param depth how many led to the run @param waitMs from the request to the firing */
export const chainDepth = (depth: number, waitMs: number): number => (waitMs < NEW_CHAIN_MS ? depth : 0)

/** The reason to skip a firing that a chain of this many firings led to. Null: it may start. */
export const findLoop = (depth: number): string | null =>
  depth < CHAIN_MAX ? null : `loop: a chain of ${CHAIN_MAX} firings led to this one`
