import { problem } from '@orrery/contract'
import { digest } from '../canonical-json.ts'
import type { Transaction } from '../database/database.ts'
import {
  deleteAnswer,
  deleteClaim,
  insertAnswer,
  insertClaim,
  lockKey,
  type StoredAnswer,
  selectAnswer,
  selectClaim,
} from './idempotency-store.ts'

export const KEPT_FOR_MS = 24 * 3_600_000
const IN_PROGRESS_RETRY_MS = 1000

export interface Once {
  readonly org: string
  readonly key: string
  readonly operation: string
  readonly input: unknown
  /** Fields of the answer that are never stored. */
  readonly secrets: readonly string[]
  /** ms since the epoch. */
  readonly now: number
}

/**
 * Does `work` unless its answer is stored under the key already. The answer commits with the effect (INV-10), so there is
 * never one without the other; a problem rolls both back, and the same request may be tried again.
 * @throws idempotency.key_reused, idempotency.in_progress
 */
export async function answerOnce<T>(tx: Transaction, once: Once, work: () => Promise<T>): Promise<{ output: T; replayed: boolean }> {
  const stored = await findAnswer(tx, once)
  if (stored !== null) return { output: stored.answer as T, replayed: true }
  const output = await work()
  await storeAnswer(tx, once, output)
  return { output, replayed: false }
}

/**
 * The same for work that may not happen within a transaction, since it waits for others: the key is taken before it. Should the process die
 * meanwhile, nobody knows whether the work was done, and the key stays taken for a day.
 * @throws idempotency.key_reused, idempotency.in_progress
 */
export async function claimKey(tx: Transaction, once: Once): Promise<StoredAnswer | null> {
  const stored = await findAnswer(tx, once)
  if (stored !== null) return stored
  const fingerprint = fingerprintOf(once)
  const claim = await selectClaim(tx, once.org, once.key)
  if (claim !== undefined && claim.at.getTime() >= once.now - KEPT_FOR_MS) {
    if (!claim.fingerprint.equals(fingerprint)) throw keyReused(once)
    throw inProgress()
  }
  await deleteClaim(tx, once.org, once.key)
  await insertClaim(tx, once.org, once.key, { fingerprint, at: new Date(once.now) })
  return null
}

/** What was claimed is done. */
export async function settleClaim(tx: Transaction, once: Once, output: unknown): Promise<void> {
  await deleteClaim(tx, once.org, once.key)
  await storeAnswer(tx, once, output)
}

/** It came to nothing: the same request may be tried again. */
export function dropClaim(tx: Transaction, once: Once): Promise<void> {
  return deleteClaim(tx, once.org, once.key)
}

async function findAnswer(tx: Transaction, once: Once): Promise<StoredAnswer | null> {
  if (!(await lockKey(tx, once.org, once.key))) throw inProgress()
  const stored = await selectAnswer(tx, once.org, once.key)
  if (stored === undefined) return null
  if (stored.at.getTime() < once.now - KEPT_FOR_MS) {
    await deleteAnswer(tx, once.org, once.key)
    return null
  }
  if (!stored.fingerprint.equals(fingerprintOf(once))) throw keyReused(once)
  return stored
}

function storeAnswer(tx: Transaction, once: Once, output: unknown): Promise<void> {
  const answer = withoutSecrets(output, once.secrets)
  return insertAnswer(tx, once.org, once.key, { fingerprint: fingerprintOf(once), answer, at: new Date(once.now) })
}

function fingerprintOf({ operation, input }: Once): Buffer {
  return digest([operation, input])
}

function inProgress() {
  const retryAfterMs = IN_PROGRESS_RETRY_MS
  return problem('idempotency.in_progress', 'A request with the same idempotency key has not finished yet.', { retryAfterMs })
}

function keyReused({ key }: Once) {
  return problem('idempotency.key_reused', `The idempotency key ${JSON.stringify(key)} belongs to another request.`)
}

function withoutSecrets(output: unknown, secrets: readonly string[]): unknown {
  if (secrets.length === 0) return output
  return { ...(output as object), ...Object.fromEntries(secrets.map((field) => [field, null])) }
}
