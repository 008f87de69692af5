import type { Socket } from 'node:net'
import type { ConnectionSettings } from '@orrery/contract'
import { judgeAddress, tlsOptions } from '@orrery/kernel'
import { hideSecrets } from '../../../http/hide-secrets.ts'
import { type ToolContext, ToolError } from '../../../port/tool-port.ts'
import type { MailAddress } from '../mail-address.ts'
import { isUntrusted, openMailSocket } from '../open-mail-socket.ts'

type SmtpServer = Extract<ConnectionSettings, { type: 'smtp' }>

interface Mail {
  readonly messageId: string
  readonly from: MailAddress
  readonly replyTo?: MailAddress
  readonly to: MailAddress[]
  readonly cc: MailAddress[]
  readonly bcc: MailAddress[]
  readonly subject: string
  readonly text?: string
  readonly html?: string
  readonly attachments: { readonly filename: string; readonly content: Buffer; readonly contentType?: string }[]
}

interface Delivery {
  readonly accepted: readonly string[]
  readonly rejected: readonly string[]
}

const SAID_LETTERS_MAX = 500

/** Hands a mail to a server. @throws ToolError (`SmtpError`), OutsideError */
export async function sendMail(server: SmtpServer, mail: Mail, { outside, signal }: ToolContext): Promise<Delivery> {
  const { createTransport } = await import('nodemailer')
  const socket = await openMailSocket(server.host, server.port, outside, signal)
  try {
    const transport = createTransport({
      ...transportOptions(server, socket),
      tls: tlsOptions(server.host, outside),
    })
    const { accepted, rejected } = await transport.sendMail(mail)
    return { accepted: accepted.map(toAddress), rejected: rejected.map(toAddress) }
  } catch (error) {
    signal.throwIfAborted()
    throw toSmtpFailure(error, server)
  } finally {
    socket.destroy()
  }
}

const toAddress = (one: string | { readonly address: string }): string => (typeof one === 'string' ? one : one.address)

function transportOptions({ host, port, secure, username, password }: SmtpServer, socket: Socket) {
  return {
    host,
    port,
    secure,
    connection: socket,
    // A password goes over the open internet under TLS or not at all, whatever the other side says that it can do.
    requireTLS: password !== undefined && judgeAddress(socket.remoteAddress ?? '') === 'public',
    ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
    disableFileAccess: true,
    disableUrlAccess: true,
    greetingTimeout: 30_000,
    socketTimeout: 60_000,
  }
}

/** Reply codes decide: 4xx passes, 5xx does not (RFC 5321 section 4.2.1). Without one, the connection broke, or TLS did not come about. */
function toSmtpFailure(error: unknown, { host, password = '' }: SmtpServer): ToolError {
  const { code, originalCode, responseCode, response } = error as Readonly<Record<string, unknown>>
  const fail = (what: string, isRetryable: boolean, status: number | null) =>
    new ToolError('SmtpError', `${host} ${what}`, { isRetryable, details: { code: String(originalCode ?? code), status } })
  if (typeof responseCode === 'number') {
    const isPassing = responseCode < 500
    if (code === 'EAUTH') return fail('did not accept the login', isPassing, responseCode)
    // Some servers repeat the line that they did not like.
    const said = hideSecrets([password])(String(response)).slice(0, SAID_LETTERS_MAX).toWellFormed()
    return fail(`did not take the mail: ${said}`, isPassing, responseCode)
  }
  const why = String(originalCode ?? code)
  if (code === 'ETLS' || isUntrusted(why)) return fail(`offers no TLS that can be trusted (${why})`, false, null)
  if (code === 'EAUTH') return fail('offers no way to log in', false, null)
  return fail(`broke off the connection (${why})`, ['ECONNECTION', 'ESOCKET', 'ETIMEDOUT'].includes(String(code)), null)
}
