import type { OrgId } from '@orrery/engine'
import type { CoreEngine, Ctx } from '../../context/context.ts'
import type { Transaction } from '../../database/database.ts'

/** What firing takes of its surroundings: one transaction of one organization, and what is to be told when that has committed. */
export interface FiringScene {
  readonly engine: CoreEngine
  readonly tx: Transaction
  readonly org: OrgId
  /** Of the database, as this process knows it. The whole transaction happens at this instant. */
  readonly nowMs: number
  /** Runs after the commit; never if it rolls back. */
  afterCommit(work: () => void): void
}

/** Of an operation that writes. */
export function sceneOf(ctx: Ctx, tx: Transaction): FiringScene {
  return { engine: ctx.engine, tx, org: ctx.org, nowMs: ctx.clock.now(), afterCommit: (work) => ctx.afterCommit(work) }
}
