import { PERMISSION_TO_GRANT, PERMISSIONS, type Permission, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'

const KNOWN: ReadonlySet<string> = new Set(PERMISSIONS)

/**
 * For the scopes that a caller grants to a run, pipeline or automation that it starts or saves. Tools of that run act with the scopes that
 * are permissions (or stand for one), so a caller cannot grant a permission that it lacks. Granting any scope also needs `tools:call`.
 * @throws forbidden
 */
export function requireGrantableScopes(ctx: Ctx, scopes: readonly string[]): void {
  if (scopes.length === 0) return
  const own = scopes.map((scope) => PERMISSION_TO_GRANT.get(scope) ?? scope).filter((scope): scope is Permission => KNOWN.has(scope))
  const needed = [...new Set<Permission>(['tools:call', ...own])]
  const missing = needed.filter((permission) => !ctx.permissions.has(permission))
  if (missing.length === 0) return
  throw problem('forbidden', `To grant these scopes the key itself needs ${missing.join(', ')}.`, { permission: missing.join(' ') })
}
