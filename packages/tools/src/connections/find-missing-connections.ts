import { decodeId } from '@orrery/contract'
import type { Transaction } from '@orrery/kernel'
import { selectExisting } from './connection-store.ts'

/** Those of these connections that do not exist, as they were named. @param namesOrIds as in `openConnection` */
export async function findMissingConnections(tx: Transaction, org: string, namesOrIds: readonly string[]): Promise<ReadonlySet<string>> {
  const wanted = [...new Set(namesOrIds)].map((given) => ({ given, id: decodeId('con', given) }))
  if (wanted.length === 0) return new Set()
  const ids = wanted.flatMap(({ id }) => id ?? [])
  const names = wanted.flatMap(({ given, id }) => (id === null ? [given] : []))
  const existing = new Set(await selectExisting(tx, org, ids, names))
  return new Set(wanted.filter(({ given, id }) => !existing.has(id ?? given)).map(({ given }) => given))
}
