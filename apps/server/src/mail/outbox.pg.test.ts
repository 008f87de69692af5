/**
 * Mails on their way out: from the outbox on a real database to real SMTP servers on this machine, by way of refusals, outages, several processes
 * and a process that is killed.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { makeSecretKey, queueMail, readSecretKeys } from '@orrery/kernel'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { endMails } from '../../../../packages/kernel/src/mail/end-mails.ts'
import { MAIL_LEASE_MS, sendMails } from '../../../../packages/kernel/src/mail/send-mails.ts'
import { listenSmtp } from '../../../../packages/tools/src/builtins/mail/testing/mailbox.fixture.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { until } from '../../../../tests/support/until.ts'
import type { DyingServer } from './send-and-die.fixture.ts'
import { createSmtpTransport } from './smtp-transport.ts'

const secretFile = makeSecretKey()
const from = { name: 'Orrery', address: 'orrery@example.com' }
const HOUR_MS = 3_600_000

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false, secrets: readSecretKeys(secretFile) })
})
afterAll(() => t?.close())
beforeEach(() => t.query('delete from auth.mail'))

interface Row {
  readonly body: string | null
  readonly next_at: Date | null
  readonly sent_at: Date | null
  readonly attempts: number
  readonly last_error: string | null
}
const rows = () => t.query<Row>('select * from auth.mail order by id')
const transportTo = (port: number) => createSmtpTransport(`smtp://127.0.0.1:${port}`, from)

const queue = (change: object = {}) =>
  queueMail(t.core.kernel, {
    recipient: 'ada@example.com',
    subject: 'Hello',
    text: 'Open https://orrery.example/invite#secret-of-the-link',
    expiresAt: t.core.kernel.clock.now() + HOUR_MS,
    ...change,
  })

/** One round of a server that sends by this port, at a later time. */
async function send(port: number, laterMs = 0): Promise<boolean> {
  const { kernel } = t.core
  const outbox = { ...kernel.outbox, transport: transportTo(port) }
  const later = { ...kernel, outbox, clock: { now: () => kernel.clock.now() + laterMs } }
  await endMails(later)
  return sendMails(later)
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

describe('the outbox', () => {
  it('keeps the text of a mail sealed, and not at all after it was sent', async () => {
    const { port, delivered } = await listenSmtp()
    await queue()
    const [waiting] = await rows()
    expect(waiting).toMatchObject({ attempts: 0, sent_at: null, body: expect.stringMatching(/^v1\./) })
    expect(JSON.stringify(waiting)).not.toContain('secret-of-the-link')
    await send(port)
    expect(delivered).toMatchObject([
      {
        from: 'orrery@example.com',
        to: ['ada@example.com'],
        mail: {
          subject: 'Hello',
          from: { name: 'Orrery', address: 'orrery@example.com' },
          text: 'Open https://orrery.example/invite#secret-of-the-link\n',
        },
      },
    ])
    expect(await rows()).toMatchObject([{ attempts: 1, body: null, next_at: null, last_error: null, sent_at: expect.any(Date) }])
    await send(port, 25 * HOUR_MS)
    expect([await rows(), delivered.length]).toEqual([[], 1])
  })

  it('delivers a mail once when the mail server was down for a while', async () => {
    const port = await closedPort()
    await queue()
    await send(port)
    const [failed] = await rows()
    expect(failed).toMatchObject({ attempts: 1, sent_at: null, last_error: expect.stringContaining('ECONNREFUSED') })
    expect(failed?.body).not.toBeNull()
    // Not due yet.
    await send(port)
    expect((await rows())[0]?.attempts).toBe(1)
    await send(port, 60_000)
    const [again] = await rows()
    expect(again?.attempts).toBe(2)
    const { delivered } = await listenSmtp({}, port)
    await send(port, 10 * 60_000)
    await send(port, 20 * 60_000)
    expect(delivered.length).toBe(1)
    expect(await rows()).toMatchObject([{ attempts: 3, last_error: null, sent_at: expect.any(Date) }])
  })

  it('waits longer after each failure, up to half an hour', async () => {
    const port = await closedPort()
    await queue({ expiresAt: t.core.kernel.clock.now() + 100 * HOUR_MS })
    const pauses: number[] = []
    let laterMs = 0
    for (let attempt = 0; attempt < 14; attempt++) {
      await send(port, laterMs)
      const pauseMs = ((await rows())[0]?.next_at?.getTime() ?? 0) - (t.core.kernel.clock.now() + laterMs)
      pauses.push(Math.ceil(pauseMs / 1000))
      laterMs += pauseMs + 1000
    }
    expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1800, 1800, 1800, 1800])
  })

  it.each([
    ['for now', 450, false],
    ['for good', 550, true],
  ])('a recipient that the server refuses %s (%i) ends the mail: %s', async (_, responseCode, isFinal) => {
    const refuse = Object.assign(new Error('No such mailbox'), { responseCode })
    const { port } = await listenSmtp({ onRcptTo: (_address, _session, done) => done(refuse) })
    await queue()
    await send(port)
    const [row] = await rows()
    expect(row).toMatchObject({ attempts: 1, sent_at: null, last_error: expect.stringContaining('No such mailbox') })
    expect([row?.body === null, row?.next_at === null]).toEqual([isFinal, isFinal])
  })

  it.each([
    ['sender', { onMailFrom: (_address: unknown, _session: unknown, done: (error: Error) => void) => done(refusal('Not you')) }, 'Not you'],
    [
      'login',
      { authOptional: false, onAuth: (_auth: unknown, _session: unknown, done: (error: Error) => void) => done(refusal('hunter2')) },
      'login',
    ],
  ])('a %s that the server refuses loses no mail, because the operator can correct it', async (what, options, reason) => {
    const { port } = await listenSmtp(options as never)
    await queue()
    const { kernel } = t.core
    const login = what === 'login' ? 'ada:hunter2@' : ''
    await sendMails({ ...kernel, outbox: { ...kernel.outbox, transport: createSmtpTransport(`smtp://${login}127.0.0.1:${port}`, from) } })
    const [row] = await rows()
    expect(row).toMatchObject({ body: expect.any(String), last_error: expect.stringContaining(reason) })
    expect(row?.last_error).not.toContain('hunter2')
  })

  it('does not send a mail whose links are no longer good', async () => {
    const { port, delivered } = await listenSmtp()
    await queue({ expiresAt: t.core.kernel.clock.now() + 1000 })
    await send(port, 2000)
    expect(delivered).toEqual([])
    expect(await rows()).toMatchObject([{ body: null, next_at: null, attempts: 0, last_error: 'It was not sent before it expired.' }])
    await send(port, 25 * HOUR_MS)
    expect(await rows()).toEqual([])
  })

  it('sends each of 60 mails once if several servers share it', async () => {
    const { port, delivered } = await listenSmtp()
    const subjects = Array.from({ length: 60 }, (_, at) => `Mail ${at}`)
    for (const subject of subjects) await queue({ subject })
    const drain = async () => {
      while (await send(port));
    }
    await Promise.all([drain(), drain(), drain()])
    await send(port)
    expect(delivered.map(({ mail }) => mail.subject).sort()).toEqual([...subjects].sort())
  })

  it('sends a mail again, once and recognizably, if the process was killed before it recorded the first', async () => {
    const { port, delivered } = await listenSmtp()
    await queue()
    const server: DyingServer = { url: t.url, secretFile, port }
    const child = fork(new URL('./send-and-die.fixture.ts', import.meta.url), [JSON.stringify(server)], {
      execPath: process.execPath,
      execArgv: ['--conditions=orrery-source'],
    })
    const [, signal] = await once(child, 'exit')
    expect([signal, delivered.length]).toEqual(['SIGKILL', 1])
    // Another server leaves the mail alone as long as the first may still be sending it.
    await send(port)
    expect(delivered.length).toBe(1)
    for (const laterMs of [MAIL_LEASE_MS + 5000, 3 * MAIL_LEASE_MS]) await send(port, laterMs)
    expect(delivered.length).toBe(2)
    expect(delivered[0]?.mail.messageId).toBe(delivered[1]?.mail.messageId)
    expect(await rows()).toMatchObject([{ attempts: 2, sent_at: expect.any(Date) }])
  })

  it('writes no header and no recipient that a name or an address adds', async () => {
    const { port, delivered } = await listenSmtp()
    await queue({
      subject: 'Hi\r\nBcc: eve@example.com\r\n\r\nBody\u2028x',
      recipient: 'ada@example.com',
    })
    await queue({ recipient: 'ada@example.com\r\nRCPT TO:<eve@example.com>' })
    await queue({ recipient: 'ada@example.com, eve@example.com' })
    await send(port)
    expect(delivered.filter(({ to }) => to.includes('ada@example.com')).map(({ mail }) => [mail.subject, mail.bcc])).toEqual([
      ['Hi Bcc: eve@example.com Body x', undefined],
    ])
    expect(delivered.flatMap(({ to }) => to)).not.toContain('eve@example.com')
  })
})

describe('a server', () => {
  const open: TestCore[] = []
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close()
  })

  it('sends a mail at once after it was queued, and not before its transaction commits', async () => {
    const { port, delivered } = await listenSmtp()
    const server = await startTestCore({ work: false, mail: transportTo(port) })
    open.push(server)
    await server.core.start()
    await queueMail(server.core.kernel, { recipient: 'ada@example.com', subject: 'Now', text: 'Now', expiresAt: Date.now() + HOUR_MS })
    await until('the mail is delivered', async () => delivered.length > 0)
    expect(delivered.length).toBe(1)
  })
})

function refusal(message: string): Error {
  return Object.assign(new Error(message), { responseCode: 550 })
}
