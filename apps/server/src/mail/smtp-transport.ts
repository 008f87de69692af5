import { once } from 'node:events'
import { connect, isIP } from 'node:net'
import { MailRefused, type MailTransport, toLine } from '@orrery/kernel'
import { isLoopback } from '../http/check-host.ts'

export interface MailSender {
  /** Display name, or an empty string. */
  readonly name: string
  /** One e-mail address. */
  readonly address: string
}

const GREETING_MS_MAX = 20_000
const SILENCE_MS_MAX = 30_000
const REASON_LETTERS_MAX = 400

/**
 * Hands mails to the mail server of the operator, which may be in a private network. A login is sent over TLS only, except to this machine.
 * @param url `smtp://` (STARTTLS where the server offers it) or `smtps://`, with the login if there is one
 */
export function createSmtpTransport(url: string, from: MailSender): MailTransport {
  const server = readServer(url)
  const { host, port, secure, user, pass } = server
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  return {
    async send({ id, recipient, subject, text }, signal) {
      const { createTransport } = await import('nodemailer')
      const socket = connect({ host, port, signal })
      // Errors after the connection is made reach the mail through its transport.
      socket.on('error', () => undefined)
      try {
        await once(socket, 'connect', { signal })
        const transport = createTransport({
          host,
          port,
          secure,
          connection: socket,
          requireTLS: user !== '' && !isLoopback(host),
          ...(user === '' ? {} : { auth: { user, pass } }),
          tls: { servername: isIP(host) === 0 ? host : '', rejectUnauthorized: true },
          disableFileAccess: true,
          disableUrlAccess: true,
          greetingTimeout: GREETING_MS_MAX,
          socketTimeout: SILENCE_MS_MAX,
        })
        await transport.sendMail({
          messageId: `<${id}@${domain}>`,
          from: { name: from.name, address: from.address },
          to: { name: '', address: recipient },
          subject,
          text,
          // Nobody's automatic reply is wanted (RFC 3834).
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
      } catch (error) {
        throw toMailFailure(error, `${host}:${port}`)
      } finally {
        socket.destroy()
      }
    },
  }
}

function readServer(url: string) {
  const { protocol, hostname, port, username, password } = new URL(url)
  const secure = protocol === 'smtps:'
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    user: decodeURIComponent(username),
    pass: decodeURIComponent(password),
  }
}

/**
 * In plain words and without secrets. Only the refusal of the recipient is final (5xx, RFC 5321 section 4.2.1): any other failure may be that of a
 * mail server or setting that the operator will correct, and no mail may be lost for it.
 */
function toMailFailure(error: unknown, server: string): Error {
  const { code, originalCode, responseCode, response, command } = error as Readonly<Record<string, unknown>>
  const because = { cause: error }
  // What the server says about a login may repeat it.
  if (code === 'EAUTH')
    return new Error(`${server} did not accept the login of ORRERY_SMTP_URL (${String(responseCode ?? 'no way to log in')})`, because)
  if (typeof responseCode === 'number') {
    const reason = `${server} did not accept the mail: ${toLine(String(response), REASON_LETTERS_MAX)}`
    return responseCode >= 500 && command === 'RCPT TO' ? new MailRefused(reason, because) : new Error(reason, because)
  }
  if (code === 'ETLS') return new Error(`${server} offers no TLS that can be trusted (${String(originalCode ?? code)})`, because)
  return new Error(`${server} did not answer, or broke off the connection (${String(originalCode ?? code ?? error)})`, because)
}
