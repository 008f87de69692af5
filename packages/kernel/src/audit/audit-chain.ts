/**
 * The hash chain of the audit log (pure). The hash of a link covers its number, the hash of the previous link and the entry in canonical
 * form. So a sealed entry that is changed, removed, added or swapped is detected. The signature of a checkpoint detects an attacker who
 * computes the whole chain again.
 */
import { createHash, type KeyObject, sign, verify } from 'node:crypto'
import { canonicalJson } from '../canonical-json.ts'
import { nameKey } from '../secrets/signing-keys.ts'

/** An entry with its values in the form that is hashed. */
export interface SealedEntry {
  readonly org: string
  readonly id: string
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string
  readonly actorType: string
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly inputDigest: string
  readonly detail: unknown
  readonly requestId: string
}

export interface Link {
  readonly seq: number
  /** The entry's id. */
  readonly entry: string
  /** The hash of the previous link; empty for the first link. */
  readonly previous: Buffer
  readonly hash: Buffer
}

export interface Checkpoint {
  readonly org: string
  readonly seq: number
  readonly hash: Buffer
  readonly at: string
  readonly keyId: string
  readonly signature: Buffer
}

export interface Fault {
  readonly seq: number
  readonly message: string
}

export function sealEntry(entry: SealedEntry, seq: number, previous: Buffer): Link {
  const text = canonicalJson({ version: 1, seq, previous: previous.toString('hex'), entry })
  return { seq, entry: entry.id, previous, hash: createHash('sha256').update(text).digest() }
}

function checkpointText(org: string, seq: number, hash: Buffer, at: string): Buffer {
  return Buffer.from(canonicalJson({ version: 1, org, seq, hash: hash.toString('hex'), at }))
}

/** @param key an Ed25519 private key. */
export function signCheckpoint(key: KeyObject, head: { org: string; seq: number; hash: Buffer }, at: string): Checkpoint {
  return { ...head, at, keyId: nameKey(key), signature: sign(null, checkpointText(head.org, head.seq, head.hash, at), key) }
}

/** Checks a chain link by link, from the first one on. Call `step` for each link in order. */
export function createChainWalk(org: string) {
  let seq = 0
  let previous: Buffer = Buffer.alloc(0)
  const faults: Fault[] = []
  return {
    faults,
    /** Number of the last link that was checked. */
    get seq() {
      return seq
    },
    step(entry: SealedEntry, link: Link): void {
      if (entry.org !== org) faults.push({ seq: link.seq, message: 'The entry belongs to another organization' })
      if (link.seq !== seq + 1) faults.push({ seq: link.seq, message: `Links ${seq + 1} to ${link.seq - 1} are missing` })
      if (!link.previous.equals(previous)) faults.push({ seq: link.seq, message: 'The link does not continue the previous one' })
      if (!sealEntry(entry, link.seq, link.previous).hash.equals(link.hash))
        faults.push({ seq: link.seq, message: 'The entry was changed after it was sealed' })
      seq = link.seq
      previous = link.hash
    },
  }
}

/**
 * Returns what is wrong with a checkpoint, or null.
 * @param hash the hash of the link with the checkpoint's number; null: that link is missing
 */
export function checkCheckpoint(checkpoint: Checkpoint, hash: Buffer | null, keys: ReadonlyMap<string, KeyObject>): string | null {
  if (hash === null) return 'A signed link is missing: the end of the log was removed'
  if (!hash.equals(checkpoint.hash)) return 'The chain differs from the one that was signed'
  const key = keys.get(checkpoint.keyId)
  if (key === undefined) return `The checkpoint was signed with the unknown key ${checkpoint.keyId}`
  const text = checkpointText(checkpoint.org, checkpoint.seq, checkpoint.hash, checkpoint.at)
  return verify(null, text, key, checkpoint.signature) ? null : 'The signature of the checkpoint is wrong'
}
