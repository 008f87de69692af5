import type { Transaction } from '../database/database.ts'
import { seeAllOrgs } from '../database/session-settings.ts'
import type { Ctx } from './context.ts'

/** Runs in the transaction of the call, or in one of its own if the call has none open. */
export function withOrg<T>(ctx: Ctx, work: (tx: Transaction) => Promise<T>): Promise<T> {
  if (ctx.tx !== null) return work(ctx.tx)
  return ctx.kernel.database.transaction(ctx.org, ctx.effect === 'read' ? 'read only' : 'read write', work)
}

/** For operations that make and list organizations: within `work` all of them are seen. */
export function acrossOrgs<T>(ctx: Ctx, work: (tx: Transaction) => Promise<T>): Promise<T> {
  if (!ctx.permissions.has('orgs:admin')) throw new Error('Only a holder of orgs:admin sees all organizations')
  return withOrg(ctx, (tx) => seeAllOrgs(tx, () => work(tx)))
}
