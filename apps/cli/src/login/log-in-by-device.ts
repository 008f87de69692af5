/** The login of this command line by a code that a person confirms in a browser (device authorization, RFC 8628). */
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { ProblemError, UnreachableError } from '@orrery/client'
import type { Io } from '../io.ts'
import { shown } from '../shown.ts'
import { version } from '../version.ts'
import { openBrowser } from './open-browser.ts'

const CLIENT = 'orrery-cli'
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
/** Added to the time between two polls whenever the server asks to slow down, or does not answer (RFC 8628 3.5). */
const SLOWER_MS = 5_000
const INTERVAL_MS_MAX = 30_000
const REQUEST_MS_MAX = 30_000

/** How this command line shows in the person's list of logins. A header has visible ASCII only. */
const USER_AGENT = `${CLIENT}/${version} on ${
  hostname()
    .replaceAll(/[^\x21-\x7e]/g, '?')
    .slice(0, 100) || 'unknown'
}`

/** Shows the code, waits until the person has confirmed it, and returns the secret of the login. */
export async function logInByDevice(io: Io, url: string): Promise<string> {
  const asked = readCode(await post(io, url, '/device/code', { client_id: CLIENT }))
  const until = Date.now() + asked.expiresInMs
  io.err(shown`Open this address, and confirm that it shows the code ${io.style('bold', asked.userCode)}:\n\n  ${asked.address}\n\n`)
  openBrowser(io, asked.address)
  for (let waitMs = asked.intervalMs; Date.now() + waitMs < until; ) {
    showWait(io, until)
    await pause(waitMs, undefined, { signal: io.signal })
    const answer = await poll(io, url, asked.deviceCode)
    if (answer.type === 'done') {
      showEnd(io)
      return answer.secret
    }
    if (answer.type === 'slower') waitMs = Math.min(waitMs + SLOWER_MS, INTERVAL_MS_MAX)
  }
  showEnd(io)
  throw new Error('The code is too old: it was not confirmed in time. Run "orrery login" again')
}

type Polled = { readonly type: 'done'; readonly secret: string } | { readonly type: 'pending' } | { readonly type: 'slower' }

/** @throws ProblemError if the code is not good any more */
async function poll(io: Io, url: string, deviceCode: string): Promise<Polled> {
  let answer: Posted
  try {
    answer = await post(io, url, '/device/token', { grant_type: GRANT, device_code: deviceCode, client_id: CLIENT })
  } catch (error) {
    // The server may be starting again: the code outlives it.
    if (error instanceof UnreachableError) return { type: 'slower' }
    throw error
  }
  const { status, body } = answer
  if (status === 200 && typeof body.access_token === 'string') return { type: 'done', secret: body.access_token }
  if (body.error === 'authorization_pending') return { type: 'pending' }
  if (body.error === 'slow_down' || status === 429 || status >= 500) return { type: 'slower' }
  showEnd(io)
  const words: Readonly<Record<string, string>> = {
    access_denied: 'The login was denied in the browser',
    expired_token: 'The code is too old: it was not confirmed in time. Run "orrery login" again',
    invalid_grant: 'The code is not good any more: it was used, or the server forgot it. Run "orrery login" again',
  }
  throw new Error(words[String(body.error)] ?? describe(answer))
}

interface Posted {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

async function post(io: Io, url: string, path: string, fields: Readonly<Record<string, string>>): Promise<Posted> {
  try {
    const response = await fetch(`${url}/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': USER_AGENT },
      body: JSON.stringify(fields),
      redirect: 'error',
      signal: AbortSignal.any([io.signal, AbortSignal.timeout(REQUEST_MS_MAX)]),
    })
    return { status: response.status, body: readFields(await response.text()) }
  } catch (error) {
    io.signal.throwIfAborted()
    throw new UnreachableError(url, error)
  }
}

function readFields(text: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(text)
    return typeof read === 'object' && read !== null ? { ...read } : {}
  } catch (error) {
    // The page of a proxy: its status says enough.
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function readCode(answer: Posted) {
  const { body } = answer
  const { device_code: deviceCode, user_code: userCode, verification_uri_complete: address, expires_in: expiresIn, interval } = body
  if (answer.status !== 200) throw new ProblemError({ detail: describe(answer) }, answer.status)
  if (typeof deviceCode !== 'string' || typeof userCode !== 'string' || typeof address !== 'string')
    throw new Error('The server answered without a code: it is not the address of an Orrery server')
  const seconds = (value: unknown, other: number) => (typeof value === 'number' && value > 0 ? value : other) * 1000
  return { deviceCode, userCode, address, expiresInMs: seconds(expiresIn, 600), intervalMs: seconds(interval, 5) }
}

function describe({ status, body }: Posted): string {
  const { error_description: said, message, detail } = body
  const own = [said, message, detail].find((text) => typeof text === 'string')
  if (status === 404) return 'This server has no logins for command lines: it is older than this command'
  if (status === 429) return 'Too many logins were begun from this network. Wait a minute, then run "orrery login" again'
  return `The login could not be done: ${own ?? `the server answered ${status}`}`
}

/** On a terminal one line is redrawn; elsewhere it is written once. */
function showWait(io: Io, until: number): void {
  if (!io.isTerminal) return
  const seconds = Math.max(0, Math.round((until - Date.now()) / 1000))
  const left = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  io.err(shown`\r\u001b[Kwaiting for the browser, ${left} left (Ctrl-C stops)`)
}

function showEnd(io: Io): void {
  if (io.isTerminal) io.err(shown`\r\u001b[K`)
}
