/** The local mailbox over real requests: what it shows, and to whom. */
import { queueMail } from '@orrery/kernel'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { listen } from '../http/listen.ts'
import { mailboxPath, serveMailbox } from './serve-mailbox.ts'
import { createSmtpTransport } from './smtp-transport.ts'

const LINK = 'https://orrery.example/invite#secret'

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false, publicUrl: 'https://orrery.example' })
  const { kernel } = t.core
  const expiresAt = kernel.clock.now() + 3_600_000
  await queueMail(kernel, { recipient: 'ada@example.com', subject: 'First', text: 'One', expiresAt })
  const text = `Open ${LINK}\n<script>alert(1)</script> https://evil.example/`
  await queueMail(kernel, { recipient: '"><b>@example.com', subject: 'Second <i>', text, expiresAt })
})
afterAll(() => t?.close())

/** Serves the mailbox on this machine, and asks for a path. @param host what the server's settings say it listens on */
async function ask(end: string, { host = '127.0.0.1', headers = {}, kernel = t.core.kernel } = {}): Promise<Response> {
  const path = `${mailboxPath({ kernel: t.core.kernel, host: '127.0.0.1' })}${end.replace('/mailbox', '')}`
  const listener = await listen(serveMailbox({ kernel, host }).fetch, '127.0.0.1', 0)
  onTestFinished(() => listener.stop(1000))
  return fetch(`${listener.url}${path}`, { headers })
}

describe('the local mailbox', () => {
  it('shows the mails that wait, newest first, with links of this server only', async () => {
    const html = await (await ask('/mailbox')).text()
    expect(html.indexOf('Second &lt;i&gt;')).toBeLessThan(html.indexOf('First'))
    expect(html).toContain(`<a href="${LINK}">${LINK}</a>`)
    expect(html).toContain('&quot;&gt;&lt;b&gt;@example.com')
    expect(html).not.toMatch(/<script>|href="https:\/\/evil/)
  })

  it('answers programs in JSON, which no cache keeps', async () => {
    const answer = await ask('/mailbox.json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toMatchObject({
      items: [
        { recipient: '"><b>@example.com', text: expect.stringContaining(LINK) },
        { recipient: 'ada@example.com', subject: 'First', text: 'One' },
      ],
    })
  })

  it.each([
    ['a server that other machines reach', { host: '0.0.0.0' }],
    ['a request through a proxy', { headers: { 'x-forwarded-for': '127.0.0.1' } }],
    ['a request through another kind of proxy', { headers: { forwarded: 'for=127.0.0.1' } }],
  ])('is not there for %s', async (_, how) => {
    for (const path of ['/mailbox', '/mailbox.json']) expect((await ask(path, how)).status).toBe(404)
  })

  it('is found only by who has the secret keys of the server', async () => {
    const path = mailboxPath({ kernel: t.core.kernel, host: '127.0.0.1' }) ?? ''
    expect(path).toMatch(/^\/mailbox\/[\w-]{22}$/)
    expect((await ask(`/mailbox${path.slice(-1) === 'A' ? 'B' : 'A'}`)).status).toBe(404)
  })

  it('is not there if a mail server is configured', async () => {
    const { kernel } = t.core
    const transport = createSmtpTransport('smtp://127.0.0.1:9', { name: '', address: 'orrery@example.com' })
    const sending = { ...kernel, outbox: { ...kernel.outbox, transport } }
    expect((await ask('/mailbox', { kernel: sending })).status).toBe(404)
  })
})
