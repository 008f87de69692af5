/** What a store throws for a caller to act on. */
import type { RunId } from './store.ts'

/**
 * The worker was fenced, or starts a child of a run that it no longer has: nothing was written. It must abandon its registration, with which
 * it can never write again.
 */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}

/** The connection broke: the batch may or may not have been written. The worker must abandon its registration. */
export class Ambiguous extends Error {
  override readonly name = 'Ambiguous'
}

/** The store rejected the data of a batch and wrote nothing. The flusher bisects the batch to find the row. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** A child was not started: its ancestors hold all places of a limit until it ends, so it could never start. */
export class HeldByAncestor extends Error {
  override readonly name = 'HeldByAncestor'
  readonly limit: string
  readonly holder: RunId

  constructor(limit: string, holder: RunId) {
    super(`limit ${limit} is held by ${holder}`)
    this.limit = limit
    this.holder = holder
  }
}
