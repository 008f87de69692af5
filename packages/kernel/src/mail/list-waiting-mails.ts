import type { Kernel } from '../context/kernel.ts'
import { openSecret } from '../secrets/seal-secret.ts'
import { SecretError } from '../secrets/secret-error.ts'
import { toMailPlace } from './mail-place.ts'
import { selectWaiting } from './mail-store.ts'

export interface WaitingMail {
  readonly id: string
  readonly recipient: string
  readonly subject: string
  readonly text: string
  readonly queuedAt: Date
  readonly expiresAt: Date
}

/** The newest mails that wait, with their texts: for the mailbox of a server that sends none. Their links log in. */
export async function listWaitingMails({ database, clock, secretKeys }: Kernel, limit: number): Promise<WaitingMail[]> {
  const rows = await selectWaiting(database.people, new Date(clock.now()), limit)
  return rows.map(({ id, recipient, subject, body, queued_at: queuedAt, expires_at: expiresAt }) => {
    return { id, recipient, subject, text: read(id, body), queuedAt, expiresAt }
  })

  function read(id: string, body: string): string {
    try {
      return openSecret(secretKeys, toMailPlace(id), body)
    } catch (error) {
      if (!(error instanceof SecretError)) throw error
      // One mail of an earlier key must not hide the others.
      return error.message
    }
  }
}
