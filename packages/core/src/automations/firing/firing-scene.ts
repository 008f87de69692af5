import type { Ctx, Transaction } from '@orrery/kernel'

/** What firing needs of a context: one transaction of one organization, which happens at one instant, and what follows its commit. */
export interface FiringScene extends Pick<Ctx, 'actor' | 'org' | 'engine' | 'clock' | 'kernel' | 'afterCommit'> {
  readonly tx: Transaction
  /** Of the database, as this process knows it; `clock` stands still at it. */
  readonly nowMs: number
}

/** Of a call that writes, or of the system's own transaction. */
export function sceneOf({ actor, org, engine, clock, kernel, afterCommit }: Ctx, tx: Transaction): FiringScene {
  const nowMs = Math.floor(clock.now())
  return { actor, org, engine, clock: { now: () => nowMs }, kernel, afterCommit, tx, nowMs }
}
