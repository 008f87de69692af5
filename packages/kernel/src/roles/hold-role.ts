import { PERMISSION_SETS } from '@orrery/contract'
import type { Transaction } from '../database/database.ts'
import { findBuiltIn } from './role-row.ts'
import { selectRoleForShare } from './role-store.ts'

/**
 * What a role allows, permissions of newer versions included, for a caller that grants it: until the transaction ends it is neither changed
 * nor deleted. Null: there is no such role.
 */
export async function holdRole(tx: Transaction, org: string, name: string): Promise<readonly string[] | null> {
  const builtIn = findBuiltIn(name)
  if (builtIn !== null) return PERMISSION_SETS[builtIn]
  return (await selectRoleForShare(tx, org, name))?.permissions ?? null
}
