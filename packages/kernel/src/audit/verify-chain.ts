import type { KeyObject } from 'node:crypto'
import { type Checkpoint, checkCheckpoint, createChainWalk, type Fault, type Link, type SealedEntry } from './audit-chain.ts'

export interface ChainVerdict {
  readonly sealed: number
  readonly checkpoints: number
  /** Number of the last link that a valid checkpoint covers. */
  readonly signedThrough: number
  readonly faults: readonly Fault[]
}

const FAULTS_MAX = 20

/**
 * Verifies the audit log of one organization. The rows may come from the database or from a dump.
 * @param batches the sealed entries in order, in batches of any size
 * @param keys public keys by name (`nameKey`)
 */
export async function verifyChain(
  org: string,
  batches: AsyncIterable<readonly { entry: SealedEntry; link: Link }[]>,
  checkpoints: readonly Checkpoint[],
  keys: ReadonlyMap<string, KeyObject>,
): Promise<ChainVerdict> {
  const walk = createChainWalk(org)
  const signed = new Set(checkpoints.map(({ seq }) => seq))
  const hashes = new Map<number, Buffer>()
  let sealed = 0
  for await (const batch of batches) {
    for (const { entry, link } of batch) {
      if (walk.faults.length < FAULTS_MAX) walk.step(entry, link)
      if (signed.has(link.seq)) hashes.set(link.seq, link.hash)
      sealed++
    }
  }
  const faults = [...walk.faults]
  let signedThrough = 0
  for (const checkpoint of checkpoints) {
    const message = checkCheckpoint(checkpoint, hashes.get(checkpoint.seq) ?? null, keys)
    if (message === null) signedThrough = checkpoint.seq
    else faults.push({ seq: checkpoint.seq, message })
  }
  return { sealed, checkpoints: checkpoints.length, signedThrough, faults: faults.slice(0, FAULTS_MAX) }
}
