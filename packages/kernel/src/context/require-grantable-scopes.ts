import { type Permission, permissionToGrant, problem } from '@orrery/contract'
import type { Ctx } from './context.ts'

/**
 * For the scopes that a caller grants to a run, pipeline or automation that it starts, repeats or saves. Tools of that run act with these
 * scopes, so a caller cannot grant a permission that it lacks. Granting any scope also needs `tools:call`.
 * @throws forbidden
 */
export function requireGrantableScopes(ctx: Ctx, scopes: readonly string[]): void {
  if (scopes.length === 0) return
  const needed = new Set<Permission>(['tools:call', ...scopes.flatMap((scope) => permissionToGrant(scope) ?? [])])
  const missing = [...needed].filter((permission) => !ctx.permissions.has(permission))
  if (missing.length === 0) return
  throw problem('forbidden', `To grant these scopes the key itself needs ${missing.join(', ')}.`, { permission: missing.join(' ') })
}
