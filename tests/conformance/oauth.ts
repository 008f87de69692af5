/**
 * Runs the authorization server part of the MCP conformance suite (npm: @modelcontextprotocol/conformance) against a new server, with a person who
 * allows what the suite asks: `npm run conformance:oauth`. The first run installs the suite in node_modules/.cache.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../../apps/server/src/compose.ts'
import { readConfig } from '../../apps/server/src/config.ts'
import { createLogger } from '../../apps/server/src/observe/logger.ts'
import { allow, registerClient } from '../../apps/server/src/testing/oauth-server.fixture.ts'

const VERSION = '0.2.0-alpha.12'
const PORT = 33_419
const tools = join(import.meta.dirname, '../../node_modules/.cache', `mcp-conformance-${VERSION}`)
const suite = join(tools, 'node_modules/@modelcontextprotocol/conformance/dist/index.js')
install()

const folder = mkdtempSync(join(tmpdir(), 'orrery-conformance-'))
const config = readConfig({ ORRERY_DATA: join(folder, 'data') }, ['--port', '0', '--roles', 'api'])
const server = await startServer(config, createLogger({ level: 'warn', format: 'pretty', destination: process.stderr }))
try {
  const issuer = `http://localhost:${new URL(server.url).port}`
  const browser = { cookie: await setUp(issuer), person: '', login: '' }
  const client = await registerClient({ issuer }, `http://127.0.0.1:${PORT}/callback`)
  await run(issuer, client, browser)
  const checks = readResults(join(folder, 'results'))
  const count = (status: string) => checks.filter((check) => check.status === status).length
  for (const { id, status, errorMessage } of checks) process.stdout.write(`${status} ${id} ${errorMessage ?? ''}\n`)
  process.stdout.write(`${count('SUCCESS')} passed / ${count('FAILURE')} failed\n`)
  if (count('FAILURE') > 0 || count('SUCCESS') === 0) process.exitCode = 1
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
}

function install(): void {
  if (existsSync(suite)) return
  mkdirSync(tools, { recursive: true })
  const args = ['install', '--prefix', tools, '--no-audit', '--no-fund', '--silent', `@modelcontextprotocol/conformance@${VERSION}`]
  const { status, error } = spawnSync('npm', args, { stdio: 'inherit' })
  if (status !== 0) throw new Error('The conformance suite could not be installed', { cause: error })
}

/** Makes the first person by the link of the start. Returns the cookie of the login. */
async function setUp(issuer: string): Promise<string> {
  const token = /\/setup#([\w-]+)/.exec(server.describe({ isTTY: true, columns: 1000 }))?.[1]
  const answer = await fetch(`${issuer}/auth/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: issuer, 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ token, name: 'Ada', email: 'ada@example.com' }),
  })
  const cookie = answer.headers.getSetCookie().find((one) => one.startsWith('orrery='))
  if (cookie === undefined) throw new Error(`The first person could not be made: ${await answer.text()}`)
  return cookie.split(';')[0] ?? ''
}

/** Runs the suite, and does with the address that it prints what a person does. */
async function run(issuer: string, client: string, browser: Parameters<typeof allow>[1]): Promise<void> {
  const options = { url: issuer, 'client-id': client, resource: `${issuer}/mcp`, port: String(PORT), 'output-dir': join(folder, 'results') }
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const child = spawn(process.execPath, [suite, 'authorization', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  let isAsked = false
  let text = ''
  for await (const chunk of child.stdout) {
    process.stdout.write(chunk)
    text += String(chunk)
    const asked = /(\S+\/oauth2\/authorize\?\S+)\s/.exec(text)?.[1]
    if (isAsked || asked === undefined) continue
    isAsked = true
    await fetch(await allow(asked, browser))
  }
  await ended
}

interface Check {
  readonly id: string
  readonly status: string
  readonly errorMessage?: string
}

function readResults(results: string): readonly Check[] {
  const files = readdirSync(results, { recursive: true }).map(String)
  return files
    .filter((name) => name.endsWith('checks.json'))
    .flatMap((name) => JSON.parse(readFileSync(join(results, name), 'utf8')) as Check[])
}
