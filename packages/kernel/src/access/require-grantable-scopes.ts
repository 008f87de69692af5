import { PERMISSIONS, type Permission, problem } from '@orrery/contract'
import type { Ctx } from '../context/context.ts'

const KNOWN: ReadonlySet<string> = new Set(PERMISSIONS)

/**
 * Scopes that somebody gives to what he starts or saves. Those that are permissions let tools act with them, so nobody gives one that he
 * does not have himself. @throws forbidden
 */
export function requireGrantableScopes(ctx: Ctx, scopes: readonly string[]): void {
  if (scopes.length === 0) return
  const own = scopes.filter((scope): scope is Permission => KNOWN.has(scope))
  const needed: readonly Permission[] = ['tools:call', ...own]
  const missing = needed.filter((permission) => !ctx.permissions.has(permission))
  if (missing.length === 0) return
  throw problem('forbidden', `To give these scopes the key would need ${missing.join(', ')} itself.`, { permission: missing.join(' ') })
}
