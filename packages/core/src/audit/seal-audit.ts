import type { KeyObject } from 'node:crypto'
import type { Database } from '../database.ts'
import { type Link, type SealedEntry, sealEntry, signCheckpoint } from './audit-chain.ts'
import { insertCheckpoint, insertSeals, isSealingDue, movePosition, selectHeads, selectUnsealed, selectUnsigned } from './audit-store.ts'

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
  return database.loop(async (client) => {
    const { rows } = await client.query<{ leader: boolean }>(`select pg_try_advisory_xact_lock(hashtext('orrery seal audit')) as leader`)
    if (rows[0]?.leader !== true) return 0
    const unsealed = await selectUnsealed(client, SEAL_BATCH)
    const last = unsealed.at(-1)
    if (last !== undefined) {
      const heads = await selectHeads(client, [...new Set(unsealed.map(({ entry }) => entry.org))])
      await insertSeals(
        client,
        chain(
          unsealed.map(({ entry }) => entry),
          heads,
        ),
      )
      await movePosition(client, last.tx, last.entry.id)
    }
    const at = new Date(options.now).toISOString()
    for (const head of await selectUnsigned(client, signedBefore, ORGS_BATCH)) {
      await insertCheckpoint(client, signCheckpoint(options.signer, head, at))
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
