/** What ends a call before its work has ended: a key that has become invalid, and work that takes too long. */
import { type Access, ProblemError, problem } from '@orrery/contract'
import type { Caller } from '../context/identity.ts'
import type { Kernel } from '../context/kernel.ts'
import { identify } from './identify.ts'

/** How often the key of an open stream or of a call that waits is checked. */
export const ACCESS_CHECK_MS = 2000
const RETRY_AFTER_MS = 2000

/**
 * Resolves as `work` does, but rejects once the caller may no longer read: its key was revoked, narrowed or has expired. A caller whose
 * identity was known from the start has no key.
 */
export async function whileAllowed<T>(kernel: Kernel, caller: Caller, access: Access, work: Promise<T>): Promise<T> {
  if (typeof caller.credential !== 'string' || access === 'public') return work
  let timer: NodeJS.Timeout | undefined
  const refused = new Promise<never>((_, reject) => {
    timer = setInterval(() => void requireAccess(kernel, caller, access).catch(reject), ACCESS_CHECK_MS)
  })
  try {
    return await Promise.race([work, refused])
  } finally {
    clearInterval(timer)
  }
}

/** A check that cannot be made now (too many requests, no database) says nothing about the key. @throws unauthenticated, forbidden */
async function requireAccess(kernel: Kernel, caller: Caller, access: Access): Promise<void> {
  try {
    await identify(kernel, caller, access)
  } catch (error) {
    if (!(error instanceof ProblemError && (error.code === 'rate_limited' || error.code === 'unavailable'))) throw error
  }
}

/** What a caller that waited in vain hears. */
const LATE = {
  read: 'The database gave no answer in time; try again in a few seconds.',
  write: 'The database gave no answer in time, so it is not known whether this was done. An idempotency key makes it safe to ask again.',
} as const

/**
 * Resolves as `work` does, but rejects when it takes longer than `ms`: the engine keeps trying to commit while the database is away, and
 * the caller must not wait with it. @throws unavailable
 */
export async function within<T>(ms: number, effect: keyof typeof LATE, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(problem('unavailable', LATE[effect], { retryAfterMs: RETRY_AFTER_MS })), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
