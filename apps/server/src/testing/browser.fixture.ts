import { existsSync } from 'node:fs'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))

/** Whether this machine has a Chromium. */
export const hasBrowser = CHROMIUM !== undefined

export interface TestBrowser {
  /** A new browser without cookies, on a device that has a place for passkeys. What goes wrong on its pages is in `faults`. */
  open(): Promise<Device>
  close(): Promise<void>
}

export interface Device {
  readonly page: Page
  readonly context: BrowserContext
  readonly faults: string[]
  /** Whether the person proves who they are when the device asks. Default: yes. */
  prove(isProved: boolean): Promise<void>
}

export async function startBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] })
  return {
    async open() {
      const context = await browser.newContext()
      const page = await context.newPage()
      const faults: string[] = []
      page.on('pageerror', (error) => void faults.push(error.message))
      page.on('console', (line) => void (line.text().includes('Content Security Policy') && faults.push(line.text())))
      const protocol = await context.newCDPSession(page)
      await protocol.send('WebAuthn.enable')
      const { authenticatorId } = await protocol.send('WebAuthn.addVirtualAuthenticator', {
        options: {
          protocol: 'ctap2',
          transport: 'internal',
          hasResidentKey: true,
          hasUserVerification: true,
          isUserVerified: true,
          automaticPresenceSimulation: true,
        },
      })
      const prove = async (isUserVerified: boolean) =>
        void (await protocol.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }))
      return { page, context, faults, prove }
    },
    close: () => browser.close(),
  }
}
