import type { OrgId } from '@orrery/engine'
import { type Clock, type Ctx, type Kernel, type Transaction, transactAsSystem } from '@orrery/kernel'

/** What firing needs of a context: one transaction of one organization, which happens at one instant, and what follows its commit. */
export interface FiringContext extends Pick<Ctx, 'actor' | 'org' | 'engine' | 'clock' | 'afterCommit'> {
  readonly tx: Transaction
  /** Of the database, as this process knows it; `clock` stands still at it. */
  readonly nowMs: number
}

/** Of a call that writes, or of the system's own transaction. */
export function toFiringContext({ actor, org, engine, clock, afterCommit }: Ctx, tx: Transaction): FiringContext {
  const nowMs = Math.floor(clock.now())
  return { actor, org, engine, clock: { now: () => nowMs }, afterCommit, tx, nowMs }
}

/** A transaction of an organization in which automations act by themselves. */
export function transactAsAutomations<T>(
  kernel: Kernel,
  org: OrgId,
  work: (context: FiringContext) => Promise<T>,
  clock?: Clock,
): Promise<T> {
  return transactAsSystem(kernel, org, 'automations', (ctx, tx) => work(toFiringContext(ctx, tx)), clock)
}
