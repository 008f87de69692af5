import type { Socket } from 'node:net'
import type { ConnectionSettings } from '@orrery/contract'
import { judgeAddress, tlsOptions } from '@orrery/kernel'
import { hideSecrets } from '../../../http/hide-secrets.ts'
import { type ToolContext, ToolError } from '../../../port/tool-port.ts'
import type { MailAddress } from '../mail-address.ts'
import { isCertificateError, openMailSocket } from '../open-mail-socket.ts'

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

/** Sends a mail through a server. @throws ToolError (`SmtpError`), OutsideError */
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
    // Never send a password over the public internet without TLS, whatever capabilities the server announces.
    requireTLS: password !== undefined && judgeAddress(socket.remoteAddress ?? '') === 'public',
    ...(username === undefined ? {} : { auth: { user: username, pass: password ?? '' } }),
    disableFileAccess: true,
    disableUrlAccess: true,
    greetingTimeout: 30_000,
    socketTimeout: 60_000,
  }
}

/** Reply codes 4xx are transient, 5xx are permanent (RFC 5321 section 4.2.1). Without a reply code, the connection broke or TLS failed. */
function toSmtpFailure(error: unknown, { host, password = '' }: SmtpServer): ToolError {
  const { code, originalCode, responseCode, response } = error as Readonly<Record<string, unknown>>
  const fail = (what: string, isRetryable: boolean, status: number | null) =>
    new ToolError('SmtpError', `${host} ${what}`, { isRetryable, details: { code: String(originalCode ?? code), status } })
  if (typeof responseCode === 'number') {
    const isTransient = responseCode < 500
    if (code === 'EAUTH') return fail('did not accept the login', isTransient, responseCode)
    // Some servers repeat the rejected line.
    const said = hideSecrets([password])(String(response)).slice(0, SAID_LETTERS_MAX).toWellFormed()
    return fail(`did not accept the mail: ${said}`, isTransient, responseCode)
  }
  const why = String(originalCode ?? code)
  if (code === 'ETLS' || isCertificateError(why)) return fail(`offers no TLS that can be trusted (${why})`, false, null)
  if (code === 'EAUTH') return fail('offers no way to log in', false, null)
  return fail(`broke off the connection (${why})`, ['ECONNECTION', 'ESOCKET', 'ETIMEDOUT'].includes(String(code)), null)
}
