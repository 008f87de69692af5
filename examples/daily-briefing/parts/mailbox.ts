import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'

export interface Mail {
  readonly messageId: string
  readonly receivedAt: string
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
}

export interface Mailbox {
  readonly mails: readonly Mail[]
  readonly port: number
  close(): Promise<void>
}

/** Accepts every mail and forwards none. Mails are kept until the process ends. */
export async function openMailbox(port: number, onMail: (mail: Mail) => void = () => {}): Promise<Mailbox> {
  const mails: Mail[] = []
  const server = new SMTPServer({
    authOptional: true,
    // The server has no trusted certificate, and listens on this machine only.
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData(stream, { envelope }, done) {
      buffer(stream)
        .then(async (source) => {
          const { messageId = '', subject = '', text = '' } = await PostalMime.parse(source)
          const { mailFrom, rcptTo } = envelope
          const from = mailFrom === false ? '' : mailFrom.address
          const mail = {
            messageId,
            receivedAt: new Date().toISOString(),
            from,
            to: rcptTo.map(({ address }) => address),
            subject,
            text: text.trim(),
          }
          mails.push(mail)
          onMail(mail)
          done()
        })
        .catch(done)
    },
  })
  // Ignore clients that disconnect.
  server.on('error', () => {})
  server.listen(port, '127.0.0.1')
  await once(server.server, 'listening')
  const address = server.server.address()
  return {
    mails,
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
