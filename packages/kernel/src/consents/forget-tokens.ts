import type { Database } from '../database/database.ts'
import { deleteExpiredTokens } from './consent-store.ts'

/** Longer than the lifetime of any access token. */
const DAY_MS = 24 * 3_600_000

/** Deletes the refresh tokens of OAuth that have expired. Always false: it does all. */
export async function forgetOAuthTokens({ people }: Database, now: number): Promise<false> {
  await deleteExpiredTokens(people, new Date(now - DAY_MS))
  return false
}
