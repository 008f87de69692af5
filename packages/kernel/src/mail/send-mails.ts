import type { Kernel, MailTransport } from '../context/kernel.ts'
import { openSecret } from '../secrets/seal-secret.ts'
import { toMailPlace } from './mail-place.ts'
import { MailRefused } from './mail-refused.ts'
import { claimMails, type MailRow, markFailed, markRefused, markSent } from './mail-store.ts'
import { toLine } from './to-line.ts'

/** Mails that one round sends at the same time. */
const BATCH = 10
/** An attempt that takes longer fails. */
const SEND_MS_MAX = 60_000
/** How long a mail is left to the process that tries to send it. Longer than an attempt, so that two processes never try at once. */
export const MAIL_LEASE_MS = 2 * SEND_MS_MAX
/** How often a process looks for mails that it has no hint of. */
export const MAIL_EVERY_MS = 15_000
const FIRST_PAUSE_MS = 2000
const PAUSE_MS_MAX = 30 * 60_000
const REASON_LETTERS_MAX = 500

type Sender = Pick<Kernel, 'database' | 'clock' | 'secretKeys' | 'log' | 'outbox'>

/**
 * One round of the outbox: hands the mails that are due to the mail server. Any number of processes may do it. A process
 * that dies after it has handed a mail over and before it has recorded that leaves it to another attempt, MAIL_LEASE_MS later.
 * @returns whether more mails may be due
 */
export async function sendMails(sender: Sender): Promise<boolean> {
  const { clock, outbox } = sender
  const { people } = sender.database
  const now = clock.now()
  const { transport } = outbox
  if (transport === null) return false
  const rows = await claimMails(people, { now: new Date(now), until: new Date(now + MAIL_LEASE_MS), limit: BATCH })
  await Promise.all(rows.map((row) => attempt(sender, transport, row)))
  return rows.length === BATCH
}

async function attempt(
  { database: { people }, clock, outbox, secretKeys, log }: Sender,
  transport: MailTransport,
  row: MailRow,
): Promise<void> {
  const { id, recipient, subject, attempts } = row
  try {
    const text = openSecret(secretKeys, toMailPlace(id), row.body)
    await transport.send({ id, recipient, subject, text }, AbortSignal.timeout(SEND_MS_MAX))
  } catch (error) {
    const reason = toLine(error instanceof Error ? error.message : String(error), REASON_LETTERS_MAX)
    if (error instanceof MailRefused) {
      log.warn({ mail: id, attempts, reason }, 'A mail was refused for good')
      await markRefused(people, id, reason)
    } else {
      log.warn({ mail: id, attempts, reason }, 'A mail could not be sent and will be sent later')
      const pause = pauseAfter(attempts)
      await markFailed(people, id, { reason, nextAt: new Date(clock.now() + pause) })
      // The next round by itself may be later.
      if (pause < MAIL_EVERY_MS) setTimeout(outbox.hint, pause).unref()
    }
    return
  }
  await markSent(people, id, new Date(clock.now()))
}

/** 2 s after the first attempt, and twice as long after each further one, up to 30 minutes. */
function pauseAfter(attempts: number): number {
  return Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20))
}
