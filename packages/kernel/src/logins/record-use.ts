import type { Database } from '../database/database.ts'
import { touchLogin } from './login-store.ts'

/** A login that is not used for this long ends. What a program does that it allowed is a use, too. */
export const LOGIN_IDLE_MS_MAX = 14 * 24 * 3_600_000
/** `used_at` is accurate to within this. */
const TOUCH_EVERY_MS = 60_000

export async function recordUse(
  { people }: Database,
  login: { readonly id: string; readonly usedAt: Date | null },
  at: number,
): Promise<void> {
  if (login.usedAt === null || at - login.usedAt.getTime() > TOUCH_EVERY_MS) await touchLogin(people, login.id, new Date(at))
}
