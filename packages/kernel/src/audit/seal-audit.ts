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

/** Entries sealed in one step: so many mean that there may be more. */
export const SEAL_BATCH = 1000
const ORGS_BATCH = 500

export interface SealOptions {
  readonly signer: KeyObject
  /** ms since the epoch. */
  readonly now: number
  /** A chain that grew is signed no more often than this. */
  readonly signEveryMs: number
}

/**
 * One step of the sealer: numbers and chains what has committed, signs what is due. Any process may call it at any time;
 * one at a time does something. Returns how many entries it sealed.
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

/** Adds entries to the chains of their organizations, in the order given. */
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
