/** The tool `email.send` against real SMTP servers on this machine: content of the mail, logins and TLS, refusals, and invalid input. */
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { certificate, certificateKey } from '../../../../kernel/src/outside/testing/certificate.fixture.ts'
import { listen } from '../../../../kernel/src/outside/testing/listen.fixture.ts'
import { localPolicy, startTools, type Tools } from '../testing/start-tools.fixture.ts'
import { emailSend } from './email-send.ts'
import { listenSmtp } from './testing/mailbox.fixture.ts'

let tools: Tools
beforeAll(async () => {
  tools = await startTools()
})
afterAll(() => tools.close())

const password = 'hunter2-password'
const pem = { key: certificateKey, cert: certificate }

const connect = (port: number, more = {}) =>
  tools.connect({ type: 'smtp', host: '127.0.0.1', port, secure: false, from: 'Orrery <orrery@example.com>', ...more })

const mail = { to: 'ada@example.com', subject: 'Hello', text: 'It works.' }

describe('email.send', () => {
  it('rejects an attachment that is not valid base64', async () => {
    const { port, delivered } = await listenSmtp()
    const connection = await connect(port)
    const attach = (content: string) => ({ connection, ...mail, attachments: [{ filename: 'a.bin', content, encoding: 'base64' }] })
    for (const content of ['data:text/plain;base64,SGVsbG8=', 'SGVsbG8=SGVsbG8=', 'SGVsb', 'Grüße']) {
      const error = await tools.failure(emailSend, attach(content))
      expect(error).toMatchObject({ name: 'InvalidArguments', isRetryable: false, message: 'attachments[0].content is not base64' })
    }
    expect(delivered).toEqual([])
    await tools.call(emailSend, attach('SGVs\r\nbG8'))
    expect(delivered[0]?.mail.attachments.map(({ content }) => Buffer.from(content as ArrayBuffer).toString())).toEqual(['Hello'])
  })

  it('sends a mail with all its parts', async () => {
    const { port, delivered } = await listenSmtp()
    const args = {
      connection: await connect(port),
      from: '"Lovelace, Ada" <ada@exämple.com>',
      to: ['Bob Ünlü <bob@example.com>', 'carol@example.com'],
      cc: 'dave@example.com',
      bcc: ['eve@example.com'],
      reply_to: 'office@example.com',
      subject: 'Ümsatz: +4 %',
      text: 'Grüße\n.\nEnde',
      html: '<b>Grüße</b>',
      attachments: [
        { filename: 'fïgures.csv', content: 'a,b\n1,2\n', content_type: 'text/csv' },
        { filename: 'dot.png', content: 'iVBORw0KGgo=', encoding: 'base64' },
      ],
    }
    const { output } = await tools.call(emailSend, args)
    const to = ['bob@example.com', 'carol@example.com', 'dave@example.com', 'eve@example.com']
    expect(output).toEqual({ message_id: expect.stringMatching(/^<[\w-]{32}@xn--exmple-cua\.com>$/), accepted: to, rejected: [] })
    const [got] = delivered
    expect(got).toMatchObject({ from: 'ada@exämple.com', to })
    expect(got?.source).toContain('<ada@xn--exmple-cua.com>')
    expect(got?.mail).toMatchObject({
      messageId: (output as { message_id: string }).message_id,
      from: { name: 'Lovelace, Ada' },
      to: [
        { name: 'Bob Ünlü', address: 'bob@example.com' },
        { name: '', address: 'carol@example.com' },
      ],
      cc: [{ address: 'dave@example.com' }],
      replyTo: [{ address: 'office@example.com' }],
      subject: 'Ümsatz: +4 %',
      text: 'Grüße\n.\nEnde\n',
      attachments: [
        { filename: 'fïgures.csv', mimeType: 'text/csv' },
        { filename: 'dot.png', mimeType: 'image/png' },
      ],
    })
    expect(got?.mail.html).toContain('<b>Grüße</b>')
    expect(got?.source).not.toContain('eve@example.com')
  })

  it('uses the same Message-ID in every attempt, and another one in another step', async () => {
    const { port, delivered } = await listenSmtp()
    const connection = await connect(port)
    for (const change of [{ attempt: 1 }, { attempt: 2 }, { idempotencyKey: 'another step' }])
      await tools.call(emailSend, { connection, ...mail }, change)
    const ids = delivered.map((one) => one.mail.messageId)
    expect([ids[1], new Set(ids).size]).toEqual([ids[0], 2])
  })

  it('logs in over TLS from the first byte and after STARTTLS', async () => {
    const logins: unknown[] = []
    const onAuth: NonNullable<Parameters<typeof listenSmtp>[0]>['onAuth'] = ({ username, password: given }, session, done) => {
      logins.push([username, given, session.secure])
      done(null, { user: username ?? '' })
    }
    const first = await listenSmtp({ ...pem, secure: true, authOptional: false, onAuth })
    const later = await listenSmtp({ ...pem, authOptional: false, onAuth, disabledCommands: [] })
    const login = { host: 'outside.test', username: 'ada', password }
    for (const [{ port }, secure] of [[first, true] as const, [later, false] as const]) {
      await tools.call(emailSend, { connection: await connect(port, { ...login, secure }), ...mail })
    }
    expect(logins).toEqual([
      ['ada', password, true],
      ['ada', password, true],
    ])
    expect([first, later].map(({ delivered }) => delivered[0]?.isSecure)).toEqual([true, true])
  })

  it('rejects a certificate for another name', async () => {
    const { port, delivered } = await listenSmtp({ ...pem, secure: true })
    const error = await tools.failure(emailSend, { connection: await connect(port, { secure: true }), ...mail })
    expect(error).toMatchObject({ name: 'SmtpError', isRetryable: false, details: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } })
    const later = await listenSmtp({ ...pem, disabledCommands: [] })
    const other = await tools.failure(emailSend, { connection: await connect(later.port), ...mail })
    expect(other).toMatchObject({ name: 'SmtpError', isRetryable: false, details: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } })
    expect([...delivered, ...later.delivered]).toEqual([])
  })

  it.each([
    [450, true],
    [550, false],
  ])('fails when all recipients are rejected with %i, with retryable = %s', async (responseCode, isRetryable) => {
    const refuse = Object.assign(new Error('Not here'), { responseCode })
    const { port } = await listenSmtp({ onRcptTo: (_address, _session, done) => done(refuse) })
    const error = await tools.failure(emailSend, { connection: await connect(port), ...mail })
    expect(error).toMatchObject({ name: 'SmtpError', isRetryable, details: { status: responseCode } })
    expect(error.message).toContain('Not here')
  })

  it('reports the recipients that were rejected when others were accepted', async () => {
    const refuse = Object.assign(new Error('No such mailbox'), { responseCode: 550 })
    const { port } = await listenSmtp({ onRcptTo: ({ address }, _session, done) => done(address.startsWith('bob') ? refuse : null) })
    const { output } = await tools.call(emailSend, { connection: await connect(port), ...mail, to: ['ada@example.com', 'bob@example.com'] })
    expect(output).toMatchObject({ accepted: ['ada@example.com'], rejected: ['bob@example.com'] })
  })

  it('hides the credentials of a failed login that the server repeats', async () => {
    const answer = Object.assign(new Error(`No: ${password}`), { responseCode: 535 })
    const { port } = await listenSmtp({ allowInsecureAuth: true, onAuth: (_auth, _session, done) => done(answer) })
    const error = await tools.failure(emailSend, { connection: await connect(port, { username: 'ada', password }), ...mail })
    expect([error.name, error.message, error.isRetryable]).toEqual(['SmtpError', '127.0.0.1 did not accept the login', false])
  })

  it('rejects several addresses in one field, line breaks in headers, and incomplete mails', async () => {
    const connection = await connect(1)
    const wrong = [
      'a@b@c.com',
      'ada@example.com, eve@example.com',
      'ada',
      'x<>',
      '"a b"@example.com',
      'ada@exa mple.com',
      'Ada <ada@example.com> <eve@example.com>',
    ]
    for (const to of wrong)
      expect([to, await tools.failure(emailSend, { ...mail, connection, to })]).toMatchObject([to, { name: 'InvalidAddress' }])
    for (const bad of ['x\r\nbcc: eve@example.com', 'x\nbcc: eve@example.com', 'x\u0000']) {
      await expect(tools.call(emailSend, { ...mail, connection, subject: bad })).rejects.toThrow()
      await expect(tools.call(emailSend, { ...mail, connection, to: `${bad} <ada@example.com>` })).rejects.toThrow()
      // Without the check against the JSON Schema.
      await expect(emailSend.call({ ...mail, connection, to: `${bad} <ada@example.com>` }, {} as never)).rejects.toThrow()
    }
    const bare = await tools.connect({ type: 'smtp', host: '127.0.0.1', port: 1, secure: false })
    expect(await tools.failure(emailSend, { ...mail, connection: bare })).toMatchObject({ name: 'InvalidAddress' })
    const empty = await tools.failure(emailSend, { connection, to: mail.to, subject: mail.subject })
    expect(empty).toMatchObject({ name: 'InvalidArguments', isRetryable: false })
    const large = [{ filename: 'x', content: 'x'.repeat(5_000_001) }]
    expect(await tools.failure(emailSend, { ...mail, connection, attachments: large })).toMatchObject({
      name: 'PayloadTooLarge',
      isRetryable: false,
    })
  })

  it('cannot reach forbidden addresses and ports, but may use the ports of mail', async () => {
    const closed = { outside: { ...localPolicy, allow: [] } }
    const { port, delivered } = await listenSmtp()
    expect(await tools.failure(emailSend, { ...mail, connection: await connect(port) }, closed)).toMatchObject({
      details: { reason: 'address' },
    })
    for (const host of ['localhost', '0x7f.1', 'outside.test', '::1'])
      expect(await tools.failure(emailSend, { ...mail, connection: await connect(port, { host }) }, closed)).toMatchObject({
        name: 'OutsideError',
      })
    expect(await tools.failure(emailSend, { ...mail, connection: await connect(22) })).toMatchObject({ details: { reason: 'port' } })
    expect(await tools.failure(emailSend, { ...mail, connection: await connect(25) })).toMatchObject({
      details: { reason: 'connection' },
      isRetryable: true,
    })
    expect(delivered).toEqual([])
  })

  it('is retryable when the server breaks the connection, and ends when it is stopped', async () => {
    const broken = await listen(createServer((socket) => socket.end('220 hello\r\n')))
    expect(await tools.failure(emailSend, { ...mail, connection: await connect(broken) })).toMatchObject({
      name: 'SmtpError',
      isRetryable: true,
    })
    const { port: busy } = await listenSmtp({
      onConnect: (_session, done) => done(Object.assign(new Error('Busy'), { responseCode: 421 })),
    })
    expect(await tools.failure(emailSend, { ...mail, connection: await connect(busy) })).toMatchObject({
      name: 'SmtpError',
      isRetryable: true,
    })
    const stopped = new AbortController()
    const reason = new Error('Another worker has it')
    const { port } = await listenSmtp({ onMailFrom: () => stopped.abort(reason) })
    const call = tools.call(emailSend, { ...mail, connection: await connect(port) }, { signal: stopped.signal })
    await expect(call).rejects.toBe(reason)
  })
})
