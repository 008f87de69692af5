import type { Ctx } from '../context/context.ts'
import { deleteUnsent } from './mail-store.ts'

/**
 * Removes a mail (a UUID) from the outbox after the call has committed, unless it was sent. Its links must be no longer good by then: if this process dies
 * first, it is sent.
 */
export function withdrawMail({ kernel, log, afterCommit }: Ctx, id: string): void {
  afterCommit(() => {
    deleteUnsent(kernel.database.people, id).catch((error: unknown) => {
      log.warn({ error, mail: id }, 'A mail with links that are no longer good could not be withdrawn')
    })
  })
}
