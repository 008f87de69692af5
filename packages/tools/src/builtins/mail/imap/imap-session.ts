import type { Socket } from 'node:net'
import { type ConnectionOptions, connect as secure } from 'node:tls'
import { ToolError } from '../../../port/tool-port.ts'
import { isCertificateError } from '../open-mail-socket.ts'
import type { ImapValue } from './parse-response.ts'
import { readResponses } from './response-reader.ts'

/** Runs one command at a time on a connection. Failures are a ToolError (`ImapError`) that does not repeat anything of the command. */
export interface ImapSession {
  /** @param rest sent when the server asks for the rest of the command. */
  command(text: string, rest?: string): Promise<readonly (readonly ImapValue[])[]>
  /** Capabilities in upper case. */
  capabilities(): Promise<ReadonlySet<string>>
  /** Starts TLS: from the first byte, or after STARTTLS. */
  encrypt(options: ConnectionOptions): Promise<void>
  /** Waits for the first line of the server. */
  greet(): Promise<void>
}

/** Limit for everything that a server sends for one command. */
const ANSWER_BYTES_MAX = 16_000_000

/** Codes of transient failures (RFC 5530). */
const transientCodes = new Set(['UNAVAILABLE', 'SERVERBUG', 'INUSE', 'LIMIT', 'CONTACTADMIN'])

export function openImapSession(plain: Socket, host: string, literalBytesMax: number): ImapSession {
  let socket = plain
  let reader = readResponses(socket, literalBytesMax)
  let count = 0

  const broken = (error: unknown): ToolError => {
    if (error instanceof SyntaxError) return imapError(`${host} does not follow IMAP: ${error.message}`, true, 'PROTOCOL')
    return imapError(`The connection to ${host} was lost (${codeOf(error)})`, true, codeOf(error))
  }
  const next = () =>
    reader.next().catch((error: unknown) => {
      throw broken(error)
    })

  const command: ImapSession['command'] = async (text, rest) => {
    count += 1
    const tag = `A${count}`
    socket.write(`${tag} ${text}\r\n`)
    const data: (readonly ImapValue[])[] = []
    let left = rest
    const before = reader.taken()
    for (;;) {
      const response = await next()
      if (reader.taken() - before > ANSWER_BYTES_MAX) throw broken(new SyntaxError('An answer is too long'))
      if (response.type === 'data') data.push(response.values)
      else if (response.type === 'continue') {
        // If the server asks again without reason, send an empty line: the server then ends the command with BAD.
        socket.write(`${left ?? ''}\r\n`)
        left = undefined
      } else if (response.tag === tag) {
        if (response.status === 'OK') return data
        const code = response.code ?? response.status
        throw imapError(`${host} rejected the command (${code})`, transientCodes.has(code), code)
      } else if (response.status === 'BYE') throw imapError(`${host} ended the session`, true, response.code ?? 'BYE')
    }
  }

  return {
    command,
    async capabilities() {
      const said = (await command('CAPABILITY')).filter(([word]) => String(word).toUpperCase() === 'CAPABILITY')
      return new Set(said.flat().map((word) => String(word).toUpperCase()))
    },
    async encrypt(options) {
      try {
        reader.detach()
        socket = await upgrade(socket, options)
        reader = readResponses(socket, literalBytesMax)
      } catch (error) {
        const code = codeOf(error)
        throw isCertificateError(code) ? imapError(`${host} offers no TLS that can be trusted (${code})`, false, code) : broken(error)
      }
    },
    async greet() {
      const response = await next()
      if (response.type === 'status' && response.tag === '*' && response.status === 'OK') return
      throw imapError(`${host} does not greet like an IMAP server`, true, response.type === 'status' ? response.status : 'PROTOCOL')
    },
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : 'CLOSED')

export function imapError(message: string, isRetryable: boolean, code: string): ToolError {
  return new ToolError('ImapError', message, { isRetryable, details: { code } })
}

function upgrade(socket: Socket, options: ConnectionOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const encrypted = secure({ ...options, socket })
    // This listener stays: an error without a listener would end the process.
    encrypted.on('error', reject)
    encrypted.once('secureConnect', () => resolve(encrypted))
    socket.once('close', () => reject(new Error('The connection was closed')))
  })
}
