/**
 * Goal: the pipelines in docs/guides/pipelines.md and the example of an adaptive follow-up run unchanged, with fake tools and in virtual
 * time.
 */
import { readFileSync } from 'node:fs'
import type { Json } from '@orrery/contract'
import { expect, test } from 'vitest'
import { type FakeTool, interpret } from './interpret.fixture.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const guide = read('../../../../../docs/guides/pipelines.md')
const blocks = [...guide.matchAll(/^```json(?: \S+)?\n([\s\S]*?)^```$/gm)].map(([, text = '']) => JSON.parse(text) as Json)
const withStep = (id: string): Json => blocks.find((block) => JSON.stringify(block).includes(`"id":"${id}"`)) ?? null
const echo: FakeTool = (args) => args

test('runs the briefing, and sends no mail without revenue', async () => {
  const tools = { 'analytics.business_metrics': { revenue: 12 }, 'llm.summarize': { summary: 'All is well' }, 'email.send': echo }
  const { status, output, calls } = await interpret(withStep('gather'), tools, { params: { lookback_days: 7 } })
  expect({ status, output }).toEqual({ status: 'succeeded', output: { revenue: 12 } })
  expect(calls.map((call) => call.with)).toMatchObject([
    { lookback_days: 7 },
    { content: { revenue: 12 } },
    { to: ['ceo@example.com'], subject: 'Briefing of 2030-01-01', text: 'All is well' },
  ])
  const quiet = await interpret(withStep('gather'), { ...tools, 'analytics.business_metrics': { revenue: 0 } })
  expect(quiet.calls).toHaveLength(2)
})

test('sends a mail to each client', async () => {
  const clients = ['Ada', 'Bob'].map((name) => ({ name, email: `${name}@example.com` }))
  const tools = { 'crm.find': clients, 'llm.generate': { text: 'Hello' }, 'email.send': echo, 'event.emit': echo }
  const { status, calls, elapsedMs } = await interpret(withStep('each_client'), tools)
  // There is no tool slack.post: the branch that calls it may fail.
  expect({ status, elapsedMs }).toEqual({ status: 'succeeded', elapsedMs: 3_600_000 })
  expect(calls.filter(({ tool }) => tool === 'email.send').map((call) => call.with)).toMatchObject([
    { to: ['Ada@example.com'], text: 'Hello' },
    { to: ['Bob@example.com'], text: 'Hello' },
  ])
  expect(calls.find(({ tool }) => tool === 'slack.post')?.with).toMatchObject({ text: '2 mails' })
})

test('sends a mail when the charge fails', async () => {
  const declined = () => {
    throw Object.assign(new Error('no money'), { name: 'CardDeclined' })
  }
  const { status, error, calls } = await interpret(withStep('charge'), { 'payments.charge': declined, 'email.send': echo })
  expect({ status, name: error?.name }).toEqual({ status: 'failed', name: 'CardDeclined' })
  expect(calls.map((call) => call.with)).toMatchObject([{ cents: 4200 }, { to: ['ada@example.com'], text: 'Not charged: no money' }])
})

test.each([
  ['high', 2],
  ['low', 24],
])('schedules the follow-up of a mail with priority %s after %s hours', async (level, hours) => {
  const before = [
    { id: 'fetch', uses: 'imap.fetch', save_as: 'email' },
    { id: 'triage', uses: 'mail.triage', save_as: 'email_priority' },
  ]
  const step = JSON.parse(read('../../../../expressions/src/fixtures/adaptive-follow-up.step.json')) as Json
  const tools = { 'imap.fetch': { client_id: 7 }, 'mail.triage': { level }, 'orchestrator.schedule_task': echo }
  const { calls } = await interpret([...before, step], tools)
  expect(calls.at(-1)?.with).toEqual({ delay_hours: hours, task: 'client_follow_up', params: { client_id: 7 } })
})
