/** What a person does in a browser, with a real Chromium and its virtual authenticator, against the whole server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { until } from '../../../../tests/support/until.ts'
import { hasBrowser, startBrowser, type TestBrowser } from '../testing/browser.fixture.ts'
import { startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'

describe.skipIf(!hasBrowser)('a person in a browser', () => {
  let database: TestDatabase
  let server: TestServer
  let browser: TestBrowser
  const own = () => new URL(server.setupUrl ?? '').origin

  /** The newest link that was mailed to an address, once there is a new one. */
  let seen = ''
  const newestLink = (address: string) =>
    until('the link has been mailed', async () => {
      const answer = await fetch(`${server.mailboxUrl}.json`)
      const { items } = (await answer.json()) as { items: { recipient: string; text: string }[] }
      const link = /http\S+/.exec(
        items
          .find(({ recipient }) => recipient === address)
          ?.text.split('\n')
          .find((line) => line.startsWith('http')) ?? '',
      )?.[0]
      if (link === undefined || link === seen) return false
      seen = link
      return link
    })

  beforeAll(async () => {
    database = await createTestDatabase()
    server = await startTestServer(database.url)
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await database?.drop()
  })

  it('makes the first account by the link of the start, and logs in with its passkey from then on', async () => {
    const { page, context, faults, prove } = await browser.open()
    await page.goto(server.setupUrl ?? '')
    expect(page.url()).toBe(`${own()}/setup`)
    await page.getByLabel('Name').fill('Ada Lovelace')
    await page.getByLabel('E-mail').fill('Ada@Example.com')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.waitForURL('**/account')
    const [cookie] = (await context.cookies()).filter(({ name }) => name === 'orrery')
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' })

    await context.clearCookies()
    await page.goto(`${own()}/login?next=${encodeURIComponent('https://example.com/')}`)
    await prove(false)
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await expect(page.getByRole('alert').textContent()).resolves.toMatch(/No passkey was used/)
    await prove(true)
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.waitForURL(`${own()}/account`)
    expect(faults).toEqual([])
    const { items } = await server.json<{ items: { email: string; role: string }[] }>('/api/v1/members')
    expect(items).toMatchObject([{ email: 'ada@example.com', role: 'admin' }])
  })

  it('finds that the link of the start is good once', async () => {
    const { page } = await browser.open()
    await page.goto(server.setupUrl ?? '')
    await page.getByLabel('Name').fill('Eve')
    await page.getByLabel('E-mail').fill('eve@example.com')
    await page.getByRole('button', { name: 'Continue' }).click()
    await expect(page.getByRole('alert').textContent()).resolves.toMatch(/This link was used/)
  })

  it('invites another person by mail, who joins, adds a passkey, and signs in by a link afterwards', async () => {
    const invited = await server.post<{ id: string }>('/api/v1/invitations', { email: 'ben@example.com', role: 'viewer' })
    expect(invited.id).toMatch(/^inv_/)
    const { page, context, faults } = await browser.open()
    await page.goto(await newestLink('ben@example.com'))
    await page.getByText('with the address ben@example.com').waitFor()
    await page.getByLabel('Name').fill('Ben')
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await page.waitForURL('**/account')
    await page.getByText('this one').waitFor()
    expect(await page.getByLabel('Name').inputValue()).toBe('Ben')

    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await page.waitForURL('**/login')
    await context.clearCookies()
    await page.getByLabel('E-mail').fill('ben@example.com')
    await page.getByRole('button', { name: 'Send me a link' }).click()
    await page.getByText('a link is on its way').waitFor()
    const link = await newestLink('ben@example.com')
    await page.goto(link)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/account')
    expect(faults).toEqual([])
    const again = await browser.open()
    await again.page.goto(link)
    await again.page.getByRole('button', { name: 'Sign in' }).click()
    await again.page.getByText('This link was used').waitFor()
  })

  it('confirms the code of a command line', async () => {
    const { page, faults } = await browser.open()
    const asked = await fetch(`${server.url}/auth/device/code`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'orrery-cli/0 on laptop' },
      body: JSON.stringify({ client_id: 'orrery-cli' }),
    })
    const { user_code: code, device_code: device } = (await asked.json()) as { user_code: string; device_code: string }
    await page.goto(`${own()}/device`)
    await page.getByRole('textbox').fill(code.toLowerCase())
    await page.getByRole('button').first().click()
    await page.waitForURL('**/login?next=*')
    await page.getByLabel('E-mail').fill('ben@example.com')
    await page.getByRole('button', { name: 'Send me a link' }).click()
    await page.getByText('a link is on its way').waitFor()
    await page.goto(await newestLink('ben@example.com'))
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/device?*')
    await page.getByText('orrery-cli/0 on laptop').waitFor()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('Confirmed.').waitFor()
    expect(faults).toEqual([])
    const got = await fetch(`${server.url}/auth/device/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: device,
        client_id: 'orrery-cli',
      }),
    })
    const { access_token: secret } = (await got.json()) as { access_token: string }
    const whoami = await fetch(`${server.url}/api/v1/whoami`, { headers: { authorization: `Bearer ${secret}` } })
    expect(await whoami.json()).toMatchObject({ actor: { type: 'member', name: 'Ben' }, role: 'viewer' })
  })

  it('is led to the name that passkeys belong to', async () => {
    const { page } = await browser.open()
    await page.goto(`${server.url}/login?next=/docs`)
    expect(page.url()).toBe(`${own()}/login?next=/docs`)
  })
})
