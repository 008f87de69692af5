/** What a person does in a browser, with a real Chromium and its virtual authenticator, against the whole server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../../tests/support/database.ts'
import { hasBrowser, startBrowser, type TestBrowser } from '../testing/browser.fixture.ts'
import { startTestServer, type TestServer } from '../testing/start-test-server.fixture.ts'

describe.skipIf(!hasBrowser)('a person in a browser', () => {
  let database: TestDatabase
  let server: TestServer
  let browser: TestBrowser
  const own = () => new URL(server.setupUrl ?? '').origin

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

  it('is led to the name that passkeys belong to', async () => {
    const { page } = await browser.open()
    await page.goto(`${server.url}/login?next=/docs`)
    expect(page.url()).toBe(`${own()}/login?next=/docs`)
  })
})
