import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import createImapServer from 'hoodiecrow-imap'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { onTestFinished } from 'vitest'
import { listen } from '../../../../../kernel/src/outside/testing/listen.fixture.ts'

export interface Delivered {
  readonly from: string
  readonly to: readonly string[]
  readonly isSecure: boolean
  readonly source: string
  readonly mail: Email
}

/** Starts a real SMTP server that accepts every mail by default. @param onPort 0: a free one */
export async function listenSmtp(
  options: SMTPServerOptions = {},
  onPort = 0,
): Promise<{ readonly port: number; readonly delivered: Delivered[] }> {
  const delivered: Delivered[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    closeTimeout: 100,
    onData(stream, session, done) {
      buffer(stream)
        .then(async (source) => {
          const { mailFrom, rcptTo } = session.envelope
          delivered.push({
            from: mailFrom === false ? '' : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            isSecure: session.secure,
            source: source.toString(),
            mail: await PostalMime.parse(source),
          })
          done()
        })
        .catch(done)
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(onPort, '127.0.0.1', resolve))
  // Do not destroy the sockets: destroying a socket below failed TLS crashes Node 24.
  onTestFinished(() => new Promise<void>((resolve) => server.close(resolve)))
  return { port: (server.server.address() as AddressInfo).port, delivered }
}

export interface KeptMail {
  readonly raw: string
  readonly flags: readonly string[]
  readonly internaldate: string
}

/** Starts a real IMAP server with these mailboxes, for the user `ada`. */
export async function listenImap(
  mailboxes: Readonly<Record<string, readonly KeptMail[]>>,
  password: string,
  options: object = {},
  plugins: readonly string[] = [],
) {
  const { INBOX = [], ...others } = mailboxes
  const folders = Object.fromEntries(Object.entries(others).map(([name, messages]) => [name, { messages }]))
  const imap = createImapServer({
    users: { ada: { password } },
    storage: { INBOX: { messages: INBOX }, '': { folders } },
    plugins: ['ID', 'SASL-IR', 'AUTH-PLAIN', 'NAMESPACE', 'ENABLE', ...plugins],
    ...options,
  })
  return { port: await listen(imap.server), flagsOf: (path: string) => imap.getMailbox(path)?.messages.map(({ flags }) => flags) }
}
