import type { Socket } from 'node:net'
import type { ConnectionSettings } from '@orrery/contract'
import { judgeAddress, type OutsidePolicy, tlsOptions } from '@orrery/kernel'
import { type ToolContext, ToolError } from '../../../port/tool-port.ts'
import { openMailSocket } from '../open-mail-socket.ts'
import { type ImapSession, imapError, openImapSession } from './imap-session.ts'
import { quote, quoteMailbox } from './mailbox-name.ts'
import type { ImapValue } from './parse-response.ts'

type ImapServer = Extract<ConnectionSettings, { type: 'imap' }>

export interface MailQuery {
  readonly mailbox: string
  readonly unseen: boolean
  /** Midnight in UTC at which the day begins; null for no limit. */
  readonly since: Date | null
  readonly limit: number
  readonly markSeen: boolean
}

export interface FetchedMail {
  readonly uid: number
  /** The raw mail, or its start. */
  readonly source: Uint8Array
  /** Size of the whole mail. */
  readonly bytes: number
  readonly isSeen: boolean
  readonly received: Date
}

/** Limit for one mail. */
const SOURCE_BYTES_MAX = 262_144
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Returns the newest matching mails, newest first, and the number of all matching mails. @throws ToolError (`ImapError`), OutsideError */
export async function fetchMail(server: ImapServer, query: MailQuery, { outside, signal }: ToolContext) {
  const socket = await openMailSocket(server.host, server.port, outside, signal)
  try {
    const session = openImapSession(socket, server.host, SOURCE_BYTES_MAX)
    await logIn(session, server, socket, outside)
    await session.command(`${query.markSeen ? 'SELECT' : 'EXAMINE'} ${quoteMailbox(query.mailbox)}`)
    const uids = await search(session, query)
    const mails: FetchedMail[] = []
    // One mail in each command, so that the data of one command is limited to one mail.
    for (const uid of uids.toSorted((a, b) => b - a).slice(0, query.limit)) mails.push(...(await read(session, uid)))
    if (query.markSeen && mails.length > 0)
      await session.command(`UID STORE ${mails.map(({ uid }) => uid).join(',')} +FLAGS.SILENT (\\Seen)`)
    await session.command('LOGOUT').catch(() => undefined)
    return { found: uids.length, mails }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    socket.destroy()
  }
}

async function logIn(session: ImapSession, server: ImapServer, socket: Socket, outside: OutsidePolicy): Promise<void> {
  const { host, secure, username, password } = server
  const tls = tlsOptions(host, outside)
  if (secure) await session.encrypt(tls)
  await session.greet()
  let can = await session.capabilities()
  if (!secure && can.has('STARTTLS')) {
    await session.command('STARTTLS')
    await session.encrypt(tls)
    can = await session.capabilities()
  } else if (!secure && judgeAddress(socket.remoteAddress ?? '') === 'public') {
    // Never send the password over the public internet without TLS.
    throw imapError(`${host} offers no TLS`, false, 'NOTLS')
  }
  try {
    if (can.has('AUTH=PLAIN')) await session.command('AUTHENTICATE PLAIN', Buffer.from(`\0${username}\0${password}`).toString('base64'))
    else await session.command(`LOGIN ${quote(username)} ${quote(password)}`)
  } catch (error) {
    if (error instanceof RangeError) throw imapError(`${host} only accepts a login in printable ASCII`, false, 'LOGIN')
    if (error instanceof ToolError && !error.isRetryable) throw imapError(`${host} did not accept the login`, false, 'LOGIN')
    throw error
  }
}

async function search(session: ImapSession, { unseen, since }: MailQuery): Promise<readonly number[]> {
  const day = since === null ? '' : ` SINCE ${since.getUTCDate()}-${MONTHS[since.getUTCMonth()]}-${since.getUTCFullYear()}`
  const data = await session.command(`UID SEARCH ${unseen ? 'UNSEEN' : 'ALL'}${day}`)
  const found = data.filter(([word]) => String(word).toUpperCase() === 'SEARCH').flatMap((values) => values.slice(1).map(Number))
  return [...new Set(found)].filter((uid) => Number.isSafeInteger(uid) && uid > 0)
}

/** Empty if the mail was deleted after the search. */
async function read(session: ImapSession, uid: number): Promise<FetchedMail[]> {
  const data = await session.command(`UID FETCH ${uid} (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.${SOURCE_BYTES_MAX}>)`)
  for (const [, word, list] of data) {
    if (String(word).toUpperCase() !== 'FETCH' || !Array.isArray(list)) continue
    const members = toMembers(list)
    // `BODY[]<0>` (RFC 3501 section 7.4.2); some servers also repeat the length, or leave out the range if it is the whole mail.
    const source = toBytes([...members].find(([name]) => /^BODY\[\](<0(\.\d+)?>)?$/.test(name))?.[1])
    // Servers also send unsolicited changes of the flags of other mails.
    if (Number(members.get('UID')) !== uid || source === null) continue
    const flags = [members.get('FLAGS')].flat(1).map((flag) => String(flag).toLowerCase())
    const received = readDate(String(members.get('INTERNALDATE')))
    return [{ uid, source, bytes: Number(members.get('RFC822.SIZE')) || source.length, isSeen: flags.includes('\\seen'), received }]
  }
  return []
}

function toMembers(list: readonly ImapValue[]): ReadonlyMap<string, ImapValue> {
  return new Map(
    Array.from({ length: Math.floor(list.length / 2) }, (_, n) => [String(list[2 * n]).toUpperCase(), list[2 * n + 1] ?? null] as const),
  )
}

function toBytes(value: ImapValue | undefined): Uint8Array | null {
  if (typeof value === 'string') return Buffer.from(value)
  return value instanceof Uint8Array ? value : null
}

/** Parses ` 5-Nov-2026 11:30:00 +0000`. Returns the epoch for anything else. */
function readDate(text: string): Date {
  const at = Date.parse(text.trim().replace(/^(\d+)-(\w{3})-(\d{4}) /, '$1 $2 $3 '))
  return new Date(Number.isNaN(at) ? 0 : at)
}
