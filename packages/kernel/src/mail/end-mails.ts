import type { Kernel } from '../context/kernel.ts'
import { deleteEnded, endExpired } from './mail-store.ts'

/** How long the record of a mail stays after it was sent or has expired. */
const KEEP_MS = 24 * 3_600_000

/** Ends the mails whose links are no longer good, with their text, and removes the records of those that ended long ago. Always false: it does all. */
export async function endMails({ database: { people }, clock }: Pick<Kernel, 'database' | 'clock'>): Promise<false> {
  await endExpired(people, new Date(clock.now()))
  await deleteEnded(people, new Date(clock.now() - KEEP_MS))
  return false
}
