import { type ProblemError, problem } from '@orrery/contract'
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

/** A call with an idempotency key. */
export interface KeyedCall {
  readonly org: string
  readonly key: string
  readonly operation: string
  readonly input: unknown
  /** Fields of the answer that must not be stored. */
  readonly secrets: readonly string[]
  /** ms since the epoch. */
  readonly now: number
}

/**
 * Returns the answer that is stored under the key, or does `work` and stores its answer. The answer commits with the effect (INV-10), so
 * neither exists without the other. A problem rolls both back, and the caller may retry the same request.
 * @throws idempotency.key_reused, idempotency.in_progress
 */
export async function answerOnce<T>(tx: Transaction, call: KeyedCall, work: () => Promise<T>): Promise<{ output: T; replayed: boolean }> {
  const stored = await findAnswer(tx, call)
  if (stored !== null) return { output: stored.answer as T, replayed: true }
  const output = await work()
  await storeAnswer(tx, call, output)
  return { output, replayed: false }
}

/**
 * For work that waits for systems outside and therefore must not run within a transaction: claims the key before the work starts. Returns
 * the stored answer instead if there is one, or throws the stored failure. If the process dies during the work, it is unknown whether the
 * work was done, so the key stays claimed for a day.
 * @throws idempotency.key_reused, idempotency.in_progress
 */
export async function claimKey(tx: Transaction, call: KeyedCall): Promise<StoredAnswer | null> {
  const stored = await findAnswer(tx, call)
  if (stored !== null) return stored
  const fingerprint = fingerprintOf(call)
  const claim = await selectClaim(tx, call.org, call.key)
  if (claim !== undefined && claim.at.getTime() >= call.now - KEPT_FOR_MS) {
    if (!claim.fingerprint.equals(fingerprint)) throw keyReused(call)
    throw inProgress()
  }
  await deleteClaim(tx, call.org, call.key)
  await insertClaim(tx, call.org, call.key, { fingerprint, at: new Date(call.now) })
  return null
}

/** Replaces the claim by the answer, after the work has succeeded. */
export async function settleClaim(tx: Transaction, call: KeyedCall, output: unknown): Promise<void> {
  await deleteClaim(tx, call.org, call.key)
  await storeAnswer(tx, call, output)
}

/**
 * Replaces the claim by the failure, after work that may have had its effect. A request that is repeated then fails in the same way and
 * does nothing.
 */
export async function settleFailure(tx: Transaction, call: KeyedCall, { code, detail, extra }: ProblemError): Promise<void> {
  await deleteClaim(tx, call.org, call.key)
  await storeAnswer(tx, { ...call, secrets: [] }, { [FAILURE]: { code, detail, extra } })
}

/** The only member of the stored answer to a call that failed. No operation has an output with this member. */
const FAILURE = 'orrery.failure'

/** @throws ProblemError that the stored answer holds */
function throwStoredFailure({ answer }: StoredAnswer): void {
  if (typeof answer !== 'object' || answer === null || !(FAILURE in answer)) return
  const { code, detail, extra } = answer[FAILURE] as Pick<ProblemError, 'code' | 'detail' | 'extra'>
  throw problem(code, detail, extra)
}

/** Releases the key after the work has failed, so that the caller may retry the same request. */
export function dropClaim(tx: Transaction, call: KeyedCall): Promise<void> {
  return deleteClaim(tx, call.org, call.key)
}

async function findAnswer(tx: Transaction, call: KeyedCall): Promise<StoredAnswer | null> {
  if (!(await lockKey(tx, call.org, call.key))) throw inProgress()
  const stored = await selectAnswer(tx, call.org, call.key)
  if (stored === undefined) return null
  if (stored.at.getTime() < call.now - KEPT_FOR_MS) {
    await deleteAnswer(tx, call.org, call.key)
    return null
  }
  if (!stored.fingerprint.equals(fingerprintOf(call))) throw keyReused(call)
  throwStoredFailure(stored)
  return stored
}

function storeAnswer(tx: Transaction, call: KeyedCall, output: unknown): Promise<void> {
  const answer = withoutSecrets(output, call.secrets)
  return insertAnswer(tx, call.org, call.key, { fingerprint: fingerprintOf(call), answer, at: new Date(call.now) })
}

function fingerprintOf({ operation, input }: KeyedCall): Buffer {
  return digest([operation, input])
}

function inProgress() {
  const retryAfterMs = IN_PROGRESS_RETRY_MS
  return problem('idempotency.in_progress', 'A request with the same idempotency key has not finished yet.', { retryAfterMs })
}

function keyReused({ key }: KeyedCall) {
  return problem('idempotency.key_reused', `The idempotency key ${JSON.stringify(key)} belongs to another request.`)
}

function withoutSecrets(output: unknown, secrets: readonly string[]): unknown {
  if (secrets.length === 0) return output
  return { ...(output as object), ...Object.fromEntries(secrets.map((field) => [field, null])) }
}
