import { once } from 'node:events'
import type { Server } from 'node:http'
import { createConnection } from 'node:net'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { computeMetrics, type Metrics } from '../parts/business-metrics.ts'
import { chooseModel } from '../parts/choose-model.ts'
import { findYesterday, readDays } from '../parts/days.ts'
import { type Mailbox, openMailbox } from '../parts/mailbox.ts'
import { createParts } from '../parts/serve.ts'
import type { RequestCounts } from '../parts/write-page.ts'

let mailbox: Mailbox
let server: Server
let url: string

beforeAll(async () => {
  mailbox = await openMailbox(0)
  // A Saturday afternoon in New York, so yesterday was a Friday.
  server = createParts({ mails: mailbox.mails, now: () => Date.parse('2026-11-21T20:00:00Z') })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await mailbox.close()
})

const get = async <T>(path: string): Promise<T> => (await (await fetch(url + path)).json()) as T

test('maps yesterday in New York to the same weekday of March 2019', () => {
  // 03:59 UTC on Monday is still Sunday evening in New York, so yesterday was a Saturday.
  expect(findYesterday(Date.parse('2026-07-06T03:59:00Z'))).toBe('2019-03-30')
  expect(findYesterday(Date.parse('2026-07-06T04:00:00Z'))).toBe('2019-03-31')
  expect(findYesterday(Date.parse('2028-03-01T12:00:00Z'))).toBe('2019-03-26')
})

test('computes the metrics from the data', async () => {
  const metrics = await get<Metrics>('/metrics?lookback_days=1&include_forecast=true')
  expect(metrics.period).toEqual({ from: '2019-03-29', to: '2019-03-29', days: 1 })
  const [revenue, costs, productivity, satisfaction] = metrics.measures
  expect(revenue).toMatchObject({ area: 'revenue', value: 2642.98, before: 2757.57 })
  expect(costs).toMatchObject({ area: 'costs', value: 34.56, before: 69.12 })
  expect(productivity?.value).toBeCloseTo(2642.98 / 47.1, 2)
  expect(satisfaction?.value).toBeCloseTo((100 * 410.13) / 1831.98, 2)
  const fares = [...readDays().values()].filter(({ date }) => date >= '2019-03-15' && date <= '2019-03-28').map(({ faresUsd }) => faresUsd)
  expect(revenue?.usual).toBeCloseTo(fares.reduce((total, fare) => total + fare, 0) / 14, 2)
  // Saturdays: 9, 16 and 23 March.
  expect(metrics.forecast?.measures[0]).toEqual({ area: 'revenue', expected: 2634.92, low: 2388.43, high: 2775.28 })
  expect((await get<Metrics>('/metrics?lookback_days=1')).forecast).toBeNull()
})

test('compares a week with the week before, for any last day', () => {
  for (const day of ['25', '28', '31']) {
    const { measures, period } = computeMetrics(readDays(), `2019-03-${day}`, { lookbackDays: 7, includeForecast: true })
    expect(period.days).toBe(7)
    for (const { value, before, usual } of measures) for (const figure of [value, before, usual]) expect(figure).toBeGreaterThan(0)
  }
})

test.each(['0', '8', '1.5', 'many'])('refuses a period of %s days', async (days) => {
  const response = await fetch(`${url}/metrics?lookback_days=${days}`)
  expect(response.status).toBe(400)
})

async function ask(prompt: string): Promise<{ status: number; content: unknown; model: string }> {
  const messages = [
    { role: 'system', content: 'You analyse.' },
    { role: 'user', content: prompt },
  ]
  const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify({ model: 'stand-in', messages }) })
  const body = (await response.json()) as { model: string; choices?: { message: { content: string } }[] }
  return { status: response.status, content: JSON.parse(body.choices?.[0]?.message.content ?? 'null') as unknown, model: body.model }
}

test('answers with the numbers of the data, what was not measured, and the name of the stand-in model', async () => {
  const metrics = await get<Metrics>('/metrics?lookback_days=1&include_forecast=true')
  const { content: analysis } = await ask(`Focus: revenue, costs, weather\n\n<data>\n${JSON.stringify(metrics)}\n</data>`)
  expect(analysis).toMatchObject({
    period: '2019-03-29',
    findings: [
      { area: 'revenue', direction: 'as usual', finding: expect.stringContaining('$2,642.98') },
      { area: 'costs', direction: 'down', finding: expect.stringContaining('$34.56') },
    ],
    not_measured: ['weather'],
    outlook: expect.stringContaining('$2,634.92 ($2,388.43 to $2,775.28)'),
    written_by: expect.stringContaining('stand-in model'),
  })
  const prompt = (words: number) =>
    `Write an executive_briefing of at most ${words} words.\n\n<analysis>\n${JSON.stringify(analysis)}\n</analysis>`
  const { content, model } = await ask(prompt(500))
  const { summary } = content as { summary: string }
  expect(summary).toMatch(
    /\$2,642\.98[\s\S]*\$34\.56, .* Less than usual\.[\s\S]*Outlook[\s\S]*Not measured: weather\.[\s\S]*stand-in model/,
  )
  expect(model).toBe('orrery-example-stand-in')
  const short = ((await ask(prompt(60))).content as { summary: string }).summary
  expect(short.split(/\s+/).length).toBeLessThanOrEqual(60)
  expect(short).toContain('stand-in model')
})

test('refuses a prompt without readable data', async () => {
  expect((await ask('Tell me a joke.')).status).toBe(400)
  expect((await ask('<data>\nnot JSON\n</data>')).status).toBe(400)
})

test('accepts a mail, shows it and rates its priority', async () => {
  const lines = [
    'Subject: =?utf-8?Q?Urgent=3A_caf=C3=A9?=',
    'From: ada@client.example',
    'Content-Type: text/plain; charset=utf-8',
    '',
    'It is down. <data>',
  ]
  await send(mailbox.port, 'ada@client.example', 'support@company.com', lines)
  const mails = await get<Mailbox['mails']>('/mails')
  expect(mails).toMatchObject([
    { from: 'ada@client.example', to: ['support@company.com'], subject: 'Urgent: café', text: 'It is down. <data>' },
  ])
  expect(await (await fetch(url)).text()).toContain('It is down. &#60;data&#62;')
  const email = await get('/emails/latest')
  expect(email).toEqual({ client_id: 'ada@client.example', subject: 'Urgent: café', text: 'It is down. <data>' })
  expect((await ask(`<email>\n${JSON.stringify(email)}\n</email>`)).content).toMatchObject({ level: 'high' })
  expect((await ask(`<email>\n${JSON.stringify({ subject: 'Hello', text: 'Whenever.' })}\n</email>`)).content).toMatchObject({
    level: 'normal',
  })
  expect(await get<RequestCounts>('/asked')).toMatchObject({ mails: 1, model: { email: 2, analysis: 2, summary: 2, other: 1 } })
})

test('prefers a real model to the stand-in if there is a key', () => {
  expect(chooseModel({}).settings.provider).toBe('compatible')
  expect(chooseModel({ OPENAI_API_KEY: 'o' }).settings).toMatchObject({ provider: 'openai', apiKey: 'o' })
  expect(chooseModel({ ANTHROPIC_API_KEY: 'a', OPENAI_API_KEY: 'o' }).settings).toMatchObject({ provider: 'anthropic', apiKey: 'a' })
})

/** Sends a mail over SMTP, one command after another. */
async function send(port: number, from: string, to: string, lines: readonly string[]): Promise<void> {
  const socket = createConnection(port, '127.0.0.1')
  const replies = createInterface({ input: socket })[Symbol.asyncIterator]()
  const commands = ['HELO test', `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, 'DATA', [...lines, '.'].join('\r\n'), 'QUIT']
  for (const command of commands) {
    const reply = String((await replies.next()).value)
    if (!/^[23]/.test(reply)) throw new Error(reply)
    socket.write(`${command}\r\n`)
  }
  await once(socket, 'close')
}
