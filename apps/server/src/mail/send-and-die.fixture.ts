/** A server that is killed after it has handed a mail to the mail server, and before it records that. */
import { createDatabase, createOutbox, readSecretKeys } from '@orrery/kernel'
import { sendMails } from '../../../../packages/kernel/src/mail/send-mails.ts'
import { createSmtpTransport } from './smtp-transport.ts'

export interface DyingServer {
  /** Of the database. */
  readonly url: string
  readonly secretFile: string
  readonly port: number
}

const { url, secretFile, port } = JSON.parse(process.argv[2] ?? '') as DyingServer
const transport = createSmtpTransport(`smtp://127.0.0.1:${port}`, { name: 'Orrery', address: 'orrery@example.com' })
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => log }
await sendMails({
  database: createDatabase({ url }),
  secretKeys: readSecretKeys(secretFile),
  clock: { now: () => Date.now() },
  log,
  outbox: createOutbox({
    async send(mail, signal) {
      await transport.send(mail, signal)
      process.kill(process.pid, 'SIGKILL')
    },
  }),
})
