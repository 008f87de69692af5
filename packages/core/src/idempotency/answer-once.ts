import { problem } from '@orrery/contract'
import { digest } from '../canonical-json.ts'
import type { Transaction } from '../database.ts'
import { deleteAnswer, insertAnswer, lockKey, selectAnswer } from './idempotency-store.ts'

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
  if (!(await lockKey(tx, once.org, once.key))) {
    throw problem('idempotency.in_progress', 'A request with the same idempotency key has not finished yet.', {
      retryAfterMs: IN_PROGRESS_RETRY_MS,
    })
  }
  const fingerprint = digest([once.operation, once.input])
  const stored = await selectAnswer(tx, once.org, once.key)
  const expired = stored !== undefined && stored.at.getTime() < once.now - KEPT_FOR_MS
  if (expired) await deleteAnswer(tx, once.org, once.key)
  else if (stored !== undefined) {
    if (!stored.fingerprint.equals(fingerprint)) {
      throw problem('idempotency.key_reused', `The idempotency key ${JSON.stringify(once.key)} belongs to another request.`)
    }
    return { output: stored.answer as T, replayed: true }
  }
  const output = await work()
  await insertAnswer(tx, once.org, once.key, { fingerprint, answer: withoutSecrets(output, once.secrets), at: new Date(once.now) })
  return { output, replayed: false }
}

function withoutSecrets(output: unknown, secrets: readonly string[]): unknown {
  if (secrets.length === 0) return output
  return { ...(output as object), ...Object.fromEntries(secrets.map((field) => [field, null])) }
}
