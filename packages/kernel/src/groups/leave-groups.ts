import type { Transaction } from '../database/database.ts'
import { readGroupActor } from './group-row.ts'
import { deleteFromGroups } from './group-store.ts'

/** Removes an actor (a public id) from all groups of the organization. Call it after the actor was deleted, so that none is added meanwhile. */
export function leaveGroups(tx: Transaction, org: string, actor: string): Promise<void> {
  return deleteFromGroups(tx, org, readGroupActor(actor))
}
