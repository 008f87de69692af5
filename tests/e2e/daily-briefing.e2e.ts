/**
 * Follows the README of the daily-briefing example: creates a project outside the checkout, starts the services it uses, and checks the
 * mail that arrives. Then posts the same file through Ordinaut's contract, runs a step that schedules further work, and kills the server in
 * the middle.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@orrery/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { type App, newApp, readConnection, type Spawned } from './new-app.ts'
import { freePort, killHard, processesOf } from './processes.ts'

interface Mail {
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
}
interface Asked {
  readonly metrics: number
  readonly model: Readonly<Record<'analysis' | 'summary' | 'email' | 'other', number>>
}

let app: App
let dev: Spawned
let parts: Spawned
let partsUrl: string

beforeAll(async () => {
  app = await newApp('--example', 'daily-briefing')
  // The ports of the example may be in use on this machine. A user with that problem would change the same two files.
  const [http, smtp, server] = [await freePort(), await freePort(), await freePort()]
  partsUrl = `http://127.0.0.1:${http}`
  for (const file of ['parts/ports.ts', 'tools.yaml'])
    edit(file, (text) => text.replaceAll('4800', String(http)).replaceAll('4825', String(smtp)))
  parts = await startParts()
  dev = app.spawn(['dev', '--port', String(server)], { ORRERY_OUTSIDE_ALLOW: '127.0.0.1' })
  await until(`the server is ready\n${dev.text()}`, () => /server +http/.test(dev.text()), 120_000)
  const setUp = await app.npm(['run', 'set-up'])
  expect(setUp.status, setUp.out + setUp.err).toBe(0)
  expect(setUp.out).toContain('model: the stand-in model of this example')
  expect(setUp.out).toMatch(/daily-executive-briefing .*created/)
}, 480_000)

afterAll(async () => {
  dev?.kill('SIGTERM')
  parts?.kill('SIGTERM')
  await Promise.all([dev?.exited, parts?.exited])
  for (const { pid } of app === undefined ? [] : processesOf(app.folder)) killHard(pid)
  app?.remove()
}, 60_000)

function edit(file: string, change: (text: string) => string): void {
  const path = join(app.folder, file)
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

async function startParts(more: Readonly<Record<string, string>> = {}): Promise<Spawned> {
  const spawned = app.spawnScript('parts.ts', more)
  await until('the parts listen', () => /^model /m.test(spawned.text()), 20_000)
  return spawned
}

const client = () => createClient(readConnection(app))
const get = async <T>(path: string): Promise<T> => (await (await fetch(partsUrl + path)).json()) as T
const mailsTo = async (address: string) => (await get<Mail[]>('/mails')).filter(({ to }) => to.includes(address))
const dateInNewYork = (at = Date.now()) => new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York', dateStyle: 'short' }).format(at)

async function orrery<T>(...args: readonly string[]): Promise<T> {
  const { status, out, err } = await app.orrery([...args, '--json'])
  expect(status, `orrery ${args.join(' ')}\n${out}${err}`).toBe(0)
  return JSON.parse(out) as T
}

function succeeds(runId: string) {
  const look = async () => {
    const result = await client().runs.result({ runId, timeout: '20s' })
    return result.done ? result : null
  }
  return until(`${runId} ends`, look, 120_000)
}

function expectBriefing(mail: Mail | undefined, revenue: number): void {
  expect(mail?.to).toEqual(['cto@company.com', 'ceo@company.com'])
  expect([dateInNewYork(Date.now() - 300_000), dateInNewYork()].map((date) => `Daily Executive Briefing - ${date}`)).toContain(
    mail?.subject,
  )
  expect(mail?.text).toContain(`$${revenue.toLocaleString('en-US', { minimumFractionDigits: 2 })}`)
  expect(mail?.text.replaceAll(/\s+/g, ' ')).toContain("the example's stand-in model")
}

const readRevenue = async () => (await get<{ measures: { value: number }[] }>('/metrics?lookback_days=1')).measures[0]?.value ?? Number.NaN

test('the briefing is due at 07:30 in New York, in summer time and in winter time', async () => {
  const { nextAt } = await orrery<{ nextAt: string }>('automations', 'get', 'daily-executive-briefing')
  const { occurrences } = await orrery<{ occurrences: { at: string; local: string }[] }>(
    ...['automations', 'preview', 'daily-executive-briefing', '--count', '200'],
  )
  expect(occurrences[0]?.at).toBe(nextAt)
  expect(occurrences.filter(({ local }) => !/T07:30:00-0[45]:00$/.test(local))).toEqual([])
  expect(new Set(occurrences.map(({ local }) => local.slice(-6))).size).toBe(2)
  const local = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', timeStyle: 'medium' }).format(Date.parse(nextAt))
  expect(local).toBe('07:30:00')
})

test('`orrery run-now` delivers the mail', async () => {
  const said = await app.orrery(['run-now', 'daily-executive-briefing', '--watch'])
  expect(said.status, said.out + said.err).toBe(0)
  const mails = await mailsTo('ceo@company.com')
  expect(mails).toHaveLength(1)
  expectBriefing(mails[0], await readRevenue())
  expect(parts.text()).toContain('Subject: Daily Executive Briefing - ')
})

test('the same file works when it is posted to /api/v1/tasks with curl', async () => {
  const { url, key } = readConnection(app)
  const curl = (path: string, ...data: readonly string[]) => {
    const headers = ['-H', `Authorization: Bearer ${key}`, '-H', 'Content-Type: application/json']
    return JSON.parse(
      execFileSync('curl', ['-sS', '--fail-with-body', '-X', 'POST', url + path, ...headers, ...data], {
        cwd: app.folder,
        encoding: 'utf8',
      }),
    ) as {
      id: string
      title: string
    }
  }
  const posted = curl('/api/v1/tasks', '-d', '@daily-briefing.json')
  expect(posted).toMatchObject({ title: 'Daily Executive Briefing', timezone: 'America/New_York', status: 'active' })
  curl(`/api/v1/tasks/${posted.id}/run-now`)
  const second = await until('its mail arrives', async () => (await mailsTo('ceo@company.com'))[1] ?? null, 60_000)
  expectBriefing(second, await readRevenue())
})

test('a step schedules further work exactly once, at a time that it computes', async () => {
  await orrery('automations', 'apply', '-f', 'client-email.yaml')
  const before = Date.now()
  const { runId } = await orrery<{ runId: string }>('run-now', 'client-email')
  expect(await succeeds(runId)).toMatchObject({ status: 'succeeded' })
  const { items } = await orrery<{ items: { outcome: string; firesAt: string; cause: string }[] }>(
    'automations',
    'firings',
    'client_follow_up',
  )
  expect(items).toMatchObject([{ outcome: 'scheduled' }])
  // The email is not urgent, so the follow-up is scheduled for tomorrow.
  const delayMs = Date.parse(items[0]?.firesAt ?? '') - before
  expect(delayMs).toBeGreaterThan(24 * 3_600_000 - 60_000)
  expect(delayMs).toBeLessThan(24 * 3_600_000 + 120_000)
})

test('the step of adaptive-follow-up.step.json works in another pipeline', async () => {
  const step = JSON.parse(readFileSync(join(app.folder, 'adaptive-follow-up.step.json'), 'utf8')) as object
  const pipeline = [
    { id: 'read', uses: 'inbox.latest', save_as: 'email' },
    {
      id: 'judge',
      uses: 'llm.email_priority',
      with: { email: { subject: 'Urgent', text: 'The site is down.' } },
      save_as: 'email_priority',
    },
    step,
  ]
  writeFileSync(join(app.folder, 'pipeline.json'), JSON.stringify({ pipeline }))
  const { runId } = await orrery<{ runId: string }>('pipelines', 'run', '--definition', '@pipeline.json', '--scopes', 'automations:write')
  expect(await succeeds(runId)).toMatchObject({ status: 'succeeded' })
  const { items } = await orrery<{ items: { firesAt: string }[] }>('automations', 'firings', 'client_follow_up')
  const hours = items.map(({ firesAt }) => Math.round((Date.parse(firesAt) - Date.now()) / 3_600_000))
  expect(hours.toSorted((a, b) => a - b)).toEqual([2, 24])
})

test('a server killed during the third step sends the mail once, and repeats no request whose step was recorded', async () => {
  parts.kill('SIGTERM')
  await parts.exited
  parts = await startParts({ MODEL_PACE_MS: '3000' })
  const { runId } = await orrery<{ runId: string }>('run-now', 'daily-executive-briefing')
  await until('the third step is running', async () => (await get<Asked>('/asked')).model.summary === 1, 60_000)
  const [server] = processesOf(app.folder).filter(({ command }) => /@orrery\/server\/.*--project/.test(command))
  killHard(server?.pid ?? 0)
  await until('dev has started another server', () => /is back/.test(dev.text()), 60_000)
  expect(await succeeds(runId)).toMatchObject({ status: 'succeeded' })
  const asked = await get<Asked>('/asked')
  expect(asked).toMatchObject({ metrics: 1, model: { analysis: 1, summary: 2 } })
  const mails = await mailsTo('ceo@company.com')
  expect(mails).toHaveLength(1)
  expectBriefing(mails[0], await readRevenue())
})
