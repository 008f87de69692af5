import type { KeyObject } from 'node:crypto'
import type { Database } from '../database/database.ts'
import { type Link, type SealedEntry, sealEntry, signCheckpoint } from './audit-chain.ts'
import {
  insertCheckpoint,
  insertSeals,
  isSealingDue,
  lockSealing,
  movePosition,
  selectHeads,
  selectUnsealed,
  selectUnsigned,
} from './audit-store.ts'

/** Entries sealed in one step. A full batch means that more may remain. */
export const SEAL_BATCH = 1000
const ORGS_BATCH = 500

export interface SealOptions {
  readonly signer: KeyObject
  /** ms since the epoch. */
  readonly now: number
  /** The shortest time between two checkpoints of a chain. */
  readonly signEveryMs: number
}

/**
 * One step of the sealer: numbers and chains the committed entries, and signs the chains that are due. Any process may call this at any
 * time; a lock lets one at a time work. Returns how many entries it sealed.
 */
export async function sealAudit(database: Database, options: SealOptions): Promise<number> {
  const signedBefore = new Date(options.now - options.signEveryMs)
  if (!(await isSealingDue(database, signedBefore))) return 0
  return database.loop(async (tx) => {
    if (!(await lockSealing(tx))) return 0
    const unsealed = await selectUnsealed(tx, SEAL_BATCH)
    const last = unsealed.at(-1)
    if (last !== undefined) {
      const heads = await selectHeads(tx, [...new Set(unsealed.map(({ entry }) => entry.org))])
      await insertSeals(
        tx,
        chain(
          unsealed.map(({ entry }) => entry),
          heads,
        ),
      )
      await movePosition(tx, { tx: last.tx, id: last.entry.id })
    }
    const at = new Date(options.now).toISOString()
    for (const head of await selectUnsigned(tx, signedBefore, ORGS_BATCH)) {
      await insertCheckpoint(tx, signCheckpoint(options.signer, head, at))
    }
    return unsealed.length
  })
}

/** The links that append `entries`, in this order, to the chains of their organizations. */
export function chain(
  entries: readonly SealedEntry[],
  heads: ReadonlyMap<string, { seq: number; hash: Buffer }>,
): (Link & { org: string })[] {
  const current = new Map(heads)
  return entries.map((entry) => {
    const head = current.get(entry.org) ?? { seq: 0, hash: Buffer.alloc(0) }
    const link = sealEntry(entry, head.seq + 1, head.hash)
    current.set(entry.org, link)
    return { org: entry.org, ...link }
  })
}
