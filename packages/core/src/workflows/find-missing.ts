import type { Transaction } from '@orrery/kernel'
import { selectTarget } from './workflow-store.ts'

/**
 * The part of a workflow reference that does not exist: the version, or the workflow with this name (in that version). Null: both exist.
 */
export async function findMissing(
  tx: Transaction,
  org: string,
  { name, version }: { readonly name: string; readonly version?: string | undefined },
): Promise<'name' | 'version' | null> {
  const { hasBundle, manifest } = await selectTarget(tx, org, name, version)
  if (manifest !== null) return null
  return version !== undefined && !hasBundle ? 'version' : 'name'
}
