import type { OrgId } from '@orrery/engine'
import { type Clock, type Ctx, type Kernel, type Transaction, transactAsSystem } from '@orrery/kernel'

/** One transaction of one organization in which automations fire. All of it happens at one instant. */
export interface FiringContext extends Pick<Ctx, 'actor' | 'org' | 'engine' | 'clock' | 'kernel' | 'afterCommit'> {
  readonly tx: Transaction
  /** The database's time, as this process estimates it. `clock` is fixed at this instant. */
  readonly nowMs: number
}

/** For a call that writes, or for a transaction of the system. */
export function toFiringContext({ actor, org, engine, clock, kernel, afterCommit }: Ctx, tx: Transaction): FiringContext {
  const nowMs = Math.floor(clock.now())
  return { actor, org, engine, clock: { now: () => nowMs }, kernel, afterCommit, tx, nowMs }
}

/** Runs a transaction of an organization with the system actor `automations`. */
export function transactAsAutomations<T>(
  kernel: Kernel,
  org: OrgId,
  work: (context: FiringContext) => Promise<T>,
  clock?: Clock,
): Promise<T> {
  return transactAsSystem(kernel, org, 'automations', (ctx, tx) => work(toFiringContext(ctx, tx)), clock)
}
