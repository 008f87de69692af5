import type { Kernel } from '../context/kernel.ts'
import { deleteEndedLogins } from './login-store.ts'
import { LOGIN_IDLE_MS_MAX } from './record-use.ts'

/** How long the record of a login stays after it has ended, with the address from which it was made. */
const KEEP_MS = 7 * 24 * 3_600_000

/** Removes logins, links and challenges that ended long ago. Always false: it does all. */
export async function forgetLogins({ database, clock }: Pick<Kernel, 'database' | 'clock'>): Promise<false> {
  const ended = clock.now() - KEEP_MS
  await deleteEndedLogins(database.people, { ended: new Date(ended), used: new Date(ended - LOGIN_IDLE_MS_MAX) })
  return false
}
