import { problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'

/** A caller cannot grant an agent a scope that it lacks, nor act through an agent that may do more. @throws agent.scope_too_wide */
export function requireHeldScopes(ctx: Ctx, scopes: readonly string[]): void {
  const held: ReadonlySet<string> = ctx.permissions
  const missing = scopes.filter((scope) => !held.has(scope))
  if (missing.length === 0) return
  throw problem('agent.scope_too_wide', `You lack ${missing.join(', ')}, so you cannot give it to an agent.`, {
    permission: missing.join(' '),
  })
}
