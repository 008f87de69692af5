import type { Transaction } from '../database/database.ts'
import { selectTarget } from './workflow-store.ts'

/** What is missing for a start of the workflow: the version that was named, or the workflow in it. Null: it can be started. */
export async function findMissing(
  tx: Transaction,
  org: string,
  { name, version }: { readonly name: string; readonly version?: string | undefined },
): Promise<'name' | 'version' | null> {
  const { hasBundle, hasWorkflow } = await selectTarget(tx, org, name, version)
  if (hasWorkflow) return null
  return version !== undefined && !hasBundle ? 'version' : 'name'
}
