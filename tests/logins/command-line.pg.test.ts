/** `orrery login`, `whoami` and `logout` as processes, on a server that is a process, with a person who confirms codes as a browser does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { killPrograms, type Program, runProgram } from '../../apps/server/src/testing/run-program.fixture.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { until } from '../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'orrery-login-'))
let database: TestDatabase
let server: Program
/** The command line uses the number, browsers the name. */
let url: string
let people: string
let cookie: string
let key: string

beforeAll(async () => {
  database = await createTestDatabase()
  server = startServer('0')
  url = await server.ready()
  people = url.replace('127.0.0.1', 'localhost')
  key = server.key() ?? ''
  const link = /\S+\/setup#(\S+)/.exec(server.out())
  const answer = await browse('POST', '/setup', { token: link?.[1], name: 'Ada', email: 'ada@example.com' })
  cookie = /orrery=[^;]+/.exec(answer.headers.getSetCookie().join())?.[0] ?? ''
})
afterAll(async () => {
  for (const { child } of commands) child.kill('SIGKILL')
  killPrograms()
  await server?.ended
  rmSync(folder, { recursive: true, force: true })
  await database?.drop()
})

const startServer = (port: string) =>
  runProgram(['--port', port, '--data', join(folder, 'data')], { DATABASE_URL: database.url, ORRERY_LOG_LEVEL: 'warn' })

/** A request of one of the server's own pages. */
function browse(method: string, path: string, body?: object): Promise<Response> {
  const headers = { origin: people, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', cookie: cookie ?? '' }
  return fetch(`${people}/auth${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
}

interface Running {
  readonly child: ChildProcess
  out(): string
  err(): string
  readonly ended: Promise<{ readonly status: number | null; readonly out: string; readonly err: string }>
}
const commands = new Set<Running>()

/** @param home the user's folder: each machine has another */
function orrery(
  home: string,
  args: readonly string[],
  { stdin = '', env = {} }: { stdin?: string; env?: Record<string, string> } = {},
): Running {
  const program = join(import.meta.dirname, '../../apps/cli/src/main.ts')
  const child = spawn(process.execPath, ['--conditions=orrery-source', program, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: join(folder, home), ...env },
    stdio: 'pipe',
  })
  child.stdin.end(stdin)
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => (out += String(chunk)))
  child.stderr.on('data', (chunk) => (err += String(chunk)))
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, out, err }))
  const running = { child, out: () => out, err: () => err, ended }
  commands.add(running)
  return running
}

const fileOf = (home: string) => join(folder, home, '.config/orrery/connection.json')
const stored = (home: string) => JSON.parse(readFileSync(fileOf(home), 'utf8')) as Record<string, unknown>

/** Waits until the command shows its code. */
const codeOf = (login: Running): Promise<string> =>
  until('the code is shown', () => new RegExp(`${people}/device\\?user_code=(\\w{8})\n`).exec(login.err())?.[1] ?? null)

async function decide(verb: 'approve' | 'deny', code: string): Promise<void> {
  const found = (await (await browse('GET', `/device?user_code=${code}`)).json()) as { readonly machine?: string }
  expect(found.machine).toMatch(/^orrery-cli\/\S+ on \S+$/)
  expect((await browse('POST', `/device/${verb}`, { userCode: code })).status).toBe(200)
}

async function logIn(home: string, ...more: readonly string[]): Promise<void> {
  const login = orrery(home, ['login', '--server', url, ...more])
  await decide('approve', await codeOf(login))
  expect(await login.ended).toMatchObject({ status: 0, out: `Ada in default at ${url}\nstored in ${fileOf(home)}\n` })
}

it('logs in at the number of this machine while the person confirms at its name, and acts as that person until the logout', async () => {
  await logIn('laptop', '--org', 'default')
  expect(statSync(fileOf('laptop')).mode & 0o777).toBe(0o600)
  const { login, org, key: secret } = stored('laptop')
  expect([login, org]).toEqual([true, expect.stringMatching(/^org_/)])
  const who = await orrery('laptop', ['whoami', '--json']).ended
  expect(JSON.parse(who.out)).toMatchObject({
    actor: { type: 'member', name: 'Ada' },
    org: { name: 'default' },
    role: 'admin',
    administersInstallation: true,
    server: url,
    keyFrom: `the login in ${fileOf('laptop')}`,
  })
  expect((await orrery('laptop', ['whoami', '--org', 'elsewhere']).ended).err).toContain(
    '"elsewhere" is not an organization of yours. Yours: default',
  )
  expect((await orrery('laptop', ['doctor']).ended).out).toMatch(/ok +key +login of Ada from \S+, for organization default, until \d{4}-/)
  const logout = await orrery('laptop', ['logout']).ended
  expect(logout).toMatchObject({ status: 0, out: `logged out at ${url}\n` })
  expect(existsSync(fileOf('laptop'))).toBe(false)
  await until('the login has ended', async () => {
    const answer = await fetch(`${url}/api/v1/whoami`, { headers: { authorization: `Bearer ${secret}` } })
    return answer.status === 401
  })
})

it('says that a login has ended, and ends the one before when it is replaced', async () => {
  await logIn('desk')
  const first = String(stored('desk').key)
  await logIn('desk')
  const asFirst = { headers: { authorization: `Bearer ${first}` } }
  await until('the first login has ended', async () => (await fetch(`${url}/api/v1/whoami`, asFirst)).status === 401)
  const bearer = { authorization: `Bearer ${stored('desk').key}`, 'content-type': 'application/json' }
  expect((await fetch(`${url}/auth/sign-out`, { method: 'POST', headers: bearer, body: '{}' })).status).toBe(200)
  const refused = await until('the server knows', async () => {
    const answer = await orrery('desk', ['whoami']).ended
    return answer.status === 3 ? answer : null
  })
  expect(refused.err).toBe(`error: Your login at ${url} has ended.\n  Run "orrery login".\n`)
  expect((await orrery('desk', ['doctor']).ended).out).toContain(`the login at ${url} has ended`)
  const keyed = await orrery('desk', ['whoami', '--api-key', 'wrong']).ended
  expect(keyed.err).not.toContain('has ended')
})

it('gives each of two machines the answer to its own code', async () => {
  const [one, other] = [orrery('one', ['login', '--server', url]), orrery('other', ['login', '--server', url])]
  const [code, otherCode] = [await codeOf(one), await codeOf(other)]
  await decide('deny', code)
  await decide('approve', otherCode)
  expect(await one.ended).toMatchObject({ status: 1, err: expect.stringContaining('error: The login was denied in the browser') })
  expect(await other.ended).toMatchObject({ status: 0 })
  expect([existsSync(fileOf('one')), existsSync(fileOf('other'))]).toEqual([false, true])
})

it('keeps its code when the server is killed and starts again', async () => {
  const login = orrery('patient', ['login', '--server', url])
  const code = await codeOf(login)
  server.child.kill('SIGKILL')
  await server.ended
  expect(await orrery('other', ['logout']).ended).toMatchObject({ status: 0, err: expect.stringContaining('it ends by itself, 90 days') })
  expect(existsSync(fileOf('other'))).toBe(false)
  server = startServer(new URL(url).port)
  await server.ready()
  await decide('approve', code)
  expect(await login.ended).toMatchObject({ status: 0 })
})

it('stops at Ctrl-C and stores nothing', async () => {
  const login = orrery('hasty', ['login', '--server', url])
  await codeOf(login)
  login.child.kill('SIGINT')
  expect(await login.ended).toMatchObject({ status: 130, out: '' })
  expect(existsSync(fileOf('hasty'))).toBe(false)
})

it('takes a key where no person can confirm, and asks for one in CI', async () => {
  const alone = await orrery('robot', ['login', '--server', url], { env: { CI: 'true' } }).ended
  expect(alone).toMatchObject({ status: 2, err: expect.stringContaining('no person can confirm a login in CI: set ORRERY_KEY') })
  const keyed = await orrery('robot', ['login', '--server', url], { stdin: key, env: { CI: 'true' } }).ended
  expect(keyed).toMatchObject({ status: 0, out: `default at ${url}\nstored in ${fileOf('robot')}\n` })
  expect(stored('robot')).toEqual({ url, key })
  expect((await orrery('robot', ['whoami', '--org', 'elsewhere']).ended).err).toContain('Yours: default')
  const wrong = await orrery('robot', ['login', '--server', url], { stdin: 'orr_wrong' }).ended
  expect(wrong).toMatchObject({ status: 2, err: expect.stringContaining(`the key is not valid at ${url}`) })
  const logout = await orrery('robot', ['logout']).ended
  expect(logout.err).toContain('the key is still valid')
})
