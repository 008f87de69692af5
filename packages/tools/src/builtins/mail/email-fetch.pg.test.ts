import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificate, certificateKey } from '../../../../kernel/src/outside/testing/certificate.fixture.ts'
import { listen } from '../../../../kernel/src/outside/testing/listen.fixture.ts'
import { localPolicy, startTools, type Tools } from '../testing/start-tools.fixture.ts'
import { emailFetch } from './email-fetch.ts'
import { type KeptMail, listenImap } from './testing/mailbox.fixture.ts'

let tools: Tools
beforeAll(async () => {
  tools = await startTools()
})
afterAll(() => tools.close())

const password = 'hunter2-password'
const connect = (port: number, more = {}) =>
  tools.connect({ type: 'imap', host: '127.0.0.1', port, secure: false, username: 'ada', password, ...more })

const simple = (subject: string, text: string): string =>
  `From: Bob <bob@example.com>\r\nTo: ada@example.com\r\nSubject: ${subject}\r\nDate: Thu, 5 Nov 2026 12:30:00 +0100\r\nMessage-ID: <${subject}@example.com>\r\n\r\n${text}\r\n`

const received = '05-Nov-2026 11:30:00 +0000'
const inbox: KeptMail[] = [
  { raw: simple('first', 'One.'), flags: ['\\Seen'], internaldate: '01-Nov-2026 10:00:00 +0000' },
  { raw: simple('second', 'Two.'), flags: [], internaldate: received },
  { raw: simple('third', 'Three.'), flags: [], internaldate: received },
]

async function fetchFrom(port: number, args = {}, more = {}) {
  const { output } = await tools.call(emailFetch, { connection: await connect(port, more), ...args })
  return output as unknown as { found: number; messages: Record<string, unknown>[] }
}
const subjects = ({ messages }: Awaited<ReturnType<typeof fetchFrom>>) => messages.map(({ subject }) => subject)

describe('email.fetch', () => {
  it('returns the newest mails, newest first', async () => {
    const { port } = await listenImap({ INBOX: inbox }, password)
    const answer = await fetchFrom(port, { limit: 2 })
    expect([answer.found, subjects(answer)]).toEqual([3, ['third', 'second']])
    expect(answer.messages[1]).toEqual({
      uid: 2,
      message_id: '<second@example.com>',
      from: 'Bob <bob@example.com>',
      to: ['ada@example.com'],
      cc: [],
      reply_to: [],
      subject: 'second',
      date: '2026-11-05T11:30:00.000Z',
      received: '2026-11-05T11:30:00.000Z',
      seen: false,
      text: 'Two.',
      attachments: [],
      bytes: inbox[1]?.raw.length,
      is_cut: false,
    })
  })

  it('filters by unseen and since, and marks mails as read only on request', async () => {
    const { port, flagsOf } = await listenImap(
      { INBOX: inbox, '&AMQ-rchiv': [{ ...inbox[0], raw: simple('kept', 'Kept.') } as KeptMail] },
      password,
    )
    expect(subjects(await fetchFrom(port, { unseen: true }))).toEqual(['third', 'second'])
    expect(subjects(await fetchFrom(port, { since: '2026-11-02' }))).toEqual(['third', 'second'])
    expect(await fetchFrom(port, { since: '2026-12-01' })).toEqual({ found: 0, messages: [] })
    expect(flagsOf('INBOX')).toEqual([['\\Seen'], [], []])
    expect(await fetchFrom(port, { unseen: true, mark_seen: true, limit: 1 })).toMatchObject({
      found: 2,
      messages: [{ subject: 'third', seen: false }],
    })
    expect(flagsOf('INBOX')).toEqual([['\\Seen'], [], ['\\Seen']])
    expect(subjects(await fetchFrom(port, { mailbox: 'Ärchiv' }))).toEqual(['kept'])
  })

  it('reads unusual and malformed mails within limits', async () => {
    const boundary = (type: string, parts: string[]) =>
      `Content-Type: ${type}; boundary=b\r\n\r\n${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`
    const head = 'From: =?utf-8?Q?Z=C3=BCrich?= <z@example.com>\r\nTo: a: b@x.com, c@x.com;\r\nSubject: =?utf-8?B?R3LDvMOfZQ==?=\r\n'
    const html =
      'Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>Gr=FC=DFe<script>x()</script></p>'
    const file = 'Content-Type: text/csv; name=a.csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n1,2'
    const raws = [
      head + boundary('multipart/mixed', [html, file]),
      simple('long', 'x'.repeat(400_000)),
      'no header at all',
      `Date: nonsense\r\nSubject: a\u0000b\r\n\r\nc\u0000d`,
      head + 'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n'.repeat(300),
    ]
    const { port } = await listenImap({ INBOX: raws.map((raw) => ({ raw, flags: [], internaldate: received })) }, password)
    const { messages } = await fetchFrom(port)
    const [deep, odd, bare, long, mixed] = messages
    expect(mixed).toMatchObject({
      from: 'Zürich <z@example.com>',
      to: ['b@x.com', 'c@x.com'],
      subject: 'Grüße',
      text: 'Grüße',
      attachments: [{ filename: 'a.csv', content_type: 'text/csv' }],
    })
    expect(long).toMatchObject({ text: 'x'.repeat(20_000), is_cut: true })
    expect(bare).toMatchObject({ from: '', date: null })
    expect(odd).toMatchObject({ date: null, subject: 'ab', text: 'cd' })
    expect(deep).toMatchObject({ from: 'Zürich <z@example.com>' })
    expect(JSON.stringify(messages)).not.toContain('\\u0000')
  })

  it('uses TLS from the first byte and after STARTTLS, and rejects a certificate for another name', async () => {
    const pem = { key: certificateKey, cert: certificate }
    const secure = await listenImap({ INBOX: inbox }, password, { secureConnection: true, credentials: pem })
    const upgraded = await listenImap({ INBOX: inbox }, password, { credentials: pem }, ['STARTTLS', 'LOGINDISABLED'])
    const host = 'outside.test'
    expect(subjects(await fetchFrom(secure.port, { limit: 1 }, { host, secure: true }))).toEqual(['third'])
    expect(subjects(await fetchFrom(upgraded.port, { limit: 1 }, { host }))).toEqual(['third'])
    for (const [port, more] of [[secure.port, { secure: true }] as const, [upgraded.port, {}] as const]) {
      const error = await tools.failure(emailFetch, { connection: await connect(port, more) })
      expect(error).toMatchObject({ name: 'ImapError' })
    }
  })

  it('fails as final when the login or the mailbox is wrong', async () => {
    const { port } = await listenImap({ INBOX: inbox }, password)
    const login = await tools.failure(emailFetch, { connection: await connect(port, { password: 'wrong-password' }) })
    expect([login.name, login.message, login.isRetryable]).toEqual(['ImapError', '127.0.0.1 did not accept the login', false])
    const mailbox = await tools.failure(emailFetch, { connection: await connect(port), mailbox: 'None' })
    expect(mailbox).toMatchObject({ name: 'ImapError', isRetryable: false })
    const day = await tools.failure(emailFetch, { connection: await connect(port), since: '2026-02-30' }).catch((error: unknown) => error)
    expect(String(day)).toMatch(/since|not a valid date/)
  })

  it('cannot reach forbidden addresses and ports, is retryable when a connection breaks, and ends when it is stopped', async () => {
    const { port } = await listenImap({ INBOX: inbox }, password)
    const closed = { outside: { ...localPolicy, allow: [] } }
    for (const host of ['127.0.0.1', 'localhost', 'outside.test', '::1', '0x7f.1'])
      expect(await tools.failure(emailFetch, { connection: await connect(port, { host }) }, closed)).toMatchObject({ name: 'OutsideError' })
    expect(await tools.failure(emailFetch, { connection: await connect(22) })).toMatchObject({ details: { reason: 'port' } })
    expect(await tools.failure(emailFetch, { connection: await connect(143) })).toMatchObject({ name: 'OutsideError', isRetryable: true })
    const stopped = new AbortController()
    const reason = new Error('Another worker has it')
    const silent = await listen(
      createServer((socket) => {
        socket.once('data', () => stopped.abort(reason))
        socket.write('* OK ready\r\n')
      }),
    )
    await expect(tools.call(emailFetch, { connection: await connect(silent) }, { signal: stopped.signal })).rejects.toBe(reason)
  })
})
