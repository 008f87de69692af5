import type { Transaction } from '../database/database.ts'
import { seeAllOrgs } from '../database/session-settings.ts'
import type { Ctx } from './context.ts'

/** Runs `work` in the transaction of the call, or in a new one if the call has none. */
export function withOrg<T>(ctx: Ctx, work: (tx: Transaction) => Promise<T>): Promise<T> {
  if (ctx.tx !== null) return work(ctx.tx)
  return ctx.kernel.database.transaction(ctx.org, ctx.effect === 'read' ? 'read only' : 'read write', work)
}

/** For operations that create or list organizations: within `work` all of them are visible. */
export function acrossOrgs<T>(ctx: Ctx, work: (tx: Transaction) => Promise<T>): Promise<T> {
  if (!ctx.permissions.has('orgs:admin')) throw new Error('Only a caller with orgs:admin may see all organizations')
  return withOrg(ctx, (tx) => seeAllOrgs(tx, () => work(tx)))
}
