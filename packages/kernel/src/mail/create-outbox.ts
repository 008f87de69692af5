import type { MailTransport, Outbox } from '../context/kernel.ts'

/** @param transport null: mails stay in the outbox, where the local mailbox shows them */
export function createOutbox(transport: MailTransport | null): Outbox {
  let wake: () => void = () => undefined
  return {
    transport,
    hint: () => wake(),
    onHint(listener) {
      wake = listener
    },
  }
}
