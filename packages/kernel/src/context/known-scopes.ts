import { PERMISSIONS, type Permission } from '@orrery/contract'

const KNOWN: ReadonlySet<string> = new Set(PERMISSIONS)

/** The scopes that this version knows. A newer server may have stored others. */
export function knownScopes(scopes: readonly string[]): Permission[] {
  return scopes.filter((scope): scope is Permission => KNOWN.has(scope))
}
