import type { Ctx } from '../context/context.ts'
import type { Kernel } from '../context/kernel.ts'
import { NO_ORG, type Transaction } from '../database/database.ts'
import { newId } from '../new-id.ts'
import { sealSecret } from '../secrets/seal-secret.ts'
import { toMailPlace } from './mail-place.ts'
import { insertMail } from './mail-store.ts'
import { toLine } from './to-line.ts'

export interface MailToQueue {
  /** One e-mail address. */
  readonly recipient: string
  readonly subject: string
  readonly text: string
  /** When its links are no longer good, in ms since the epoch. It is not sent after that. */
  readonly expiresAt: number
}

const SUBJECT_LETTERS_MAX = 200

/** Puts a mail into the outbox. It leaves within a second if the mail server takes it. @returns its id, a UUID */
export async function queueMail(kernel: Kernel, mail: MailToQueue): Promise<string> {
  const id = await kernel.database.transaction(NO_ORG, 'read write', (tx) => insert(kernel, tx, mail))
  kernel.outbox.hint()
  return id
}

/** The same in the transaction of a call: the mail is sent if, and only if, it commits. */
export async function queueMailWith(ctx: Ctx, tx: Transaction, mail: MailToQueue): Promise<string> {
  const id = await insert(ctx.kernel, tx, mail)
  ctx.afterCommit(() => ctx.kernel.outbox.hint())
  return id
}

async function insert(
  { clock, secretKeys }: Pick<Kernel, 'clock' | 'secretKeys'>,
  tx: Transaction,
  { recipient, subject, text, expiresAt }: MailToQueue,
): Promise<string> {
  const now = Math.floor(clock.now())
  const id = newId(now)
  await insertMail(tx, {
    id,
    recipient: toLine(recipient, recipient.length),
    subject: toLine(subject, SUBJECT_LETTERS_MAX),
    body: sealSecret(secretKeys, toMailPlace(id), text),
    queued_at: new Date(now),
    expires_at: new Date(Math.floor(expiresAt)),
  })
  return id
}
