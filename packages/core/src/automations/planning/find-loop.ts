/** The longest chain of firings that cause one another. The next firing counts as a loop. */
const CHAIN_MAX = 17

/** The reason to skip a firing that a chain of this many firings led to. Null: it may start. */
export const findLoop = (depth: number): string | null =>
  depth < CHAIN_MAX ? null : `loop: a chain of ${CHAIN_MAX} firings led to this one`
