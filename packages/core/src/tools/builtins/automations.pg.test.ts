import { readFileSync } from 'node:fs'
import type { PipelineStep } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AutomationBench, benchOf } from '../../automations/automations.fixture.ts'
import { listViolations } from '../../database/list-violations.ts'
import { startTestCore, type TestCore } from '../../testing/start-test-core.ts'

let t: TestCore
let bench: AutomationBench

beforeAll(async () => {
  t = await startTestCore()
  await t.deploy()
  bench = benchOf(t)
  await bench.make({ name: 'client_follow_up', workflow: { name: 'greeting', input: { name: '${params.client_id}' } } })
})
afterAll(async () => {
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

const granted = { scopes: ['automations:write', 'automations:read'] }

/** Runs the steps in an automation. Gives what they saved, or how they failed. */
async function perform(pipeline: PipelineStep[], more: object = granted) {
  const automation = await bench.make({ pipeline, retry: false, ...more })
  const { runId } = await t.call('automations.runNow', { automation })
  return t.call('runs.result', { runId: runId ?? '', timeout: '20s' })
}

const one = (uses: string, args: { [name: string]: string | number | { [name: string]: string } }): PipelineStep[] => [
  { id: 'one', uses, with: args, save_as: 'one' },
]

describe('orchestrator.schedule_task', () => {
  it('takes the step of the mission as it is', async () => {
    const text = readFileSync(new URL('../../../../../examples/daily-briefing/adaptive-follow-up.step.json', import.meta.url), 'utf8')
    const before: PipelineStep[] = [
      { id: 'priority', uses: 'time.now', save_as: 'email_priority' },
      { id: 'email', uses: 'time.now', save_as: 'email' },
    ]
    const step = JSON.parse(
      text
        .replace("steps.email_priority.level == 'high'", "steps.email_priority.timezone == 'UTC'")
        .replace('steps.email.client_id', 'steps.email.timezone'),
    )
    const beganAt = Date.now()
    const done = await perform([...before, { ...step, save_as: 'asked' }])
    expect(done).toMatchObject({ status: 'succeeded', output: { asked: { automation: 'client_follow_up' } } })
    const [asked] = await bench.firings('client_follow_up')
    expect(asked).toMatchObject({ outcome: 'scheduled', cause: 'agent' })
    expect(Date.parse(asked?.firesAt ?? '') - beganAt).toBeGreaterThanOrEqual(2 * 3_600_000)
    expect(Date.parse(asked?.firesAt ?? '') - beganAt).toBeLessThan(2.1 * 3_600_000)
  })

  it('needs the scope, exactly one time, and an automation that there is', async () => {
    const step = (args: { [name: string]: string | number }) => one('orchestrator.schedule_task', { task: 'client_follow_up', ...args })
    expect(await perform(step({ delay: '1h' }), {})).toMatchObject({ status: 'failed' })
    expect(await perform(step({ delay: '1h', delay_hours: 1 }))).toMatchObject({ status: 'failed' })
    await expect(perform(step({}))).rejects.toMatchObject({ code: 'pipeline.invalid' })
    expect(await perform(one('orchestrator.schedule_task', { task: 'nobody', delay: '1h' }))).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('There is no automation nobody') },
    })
  })
})

describe('orchestrator.run_now', () => {
  it('runs an automation once, by its title, with params', async () => {
    await bench.make({ name: 'news', title: 'The News', workflow: { name: 'greeting', input: { name: '${params.who}' } } })
    const done = await perform(one('orchestrator.run_now', { task: 'The News', params: { who: 'Ada' } }))
    expect(done).toMatchObject({ status: 'succeeded', output: { one: { automation: 'news', outcome: 'started' } } })
    const [fired] = await bench.firings('news')
    expect(await t.call('runs.result', { runId: fired?.runId ?? '', timeout: '10s' })).toMatchObject({ output: { text: 'Hello Ada' } })
  })
})

describe('orchestrator.pause, resume and list', () => {
  it('do what they say', async () => {
    await bench.make({ name: 'rounds', schedule: 'every 1h', workflow: { name: 'greeting', input: { name: 'x' } } })
    const paused = await perform(one('orchestrator.pause', { task: 'rounds', note: 'Too much' }))
    expect(paused).toMatchObject({ output: { one: { automation: 'rounds', status: 'paused' } } })
    expect(await t.call('automations.get', { automation: 'rounds' })).toMatchObject({ status: 'paused', note: 'Too much' })
    const listed = await perform(one('orchestrator.list', { status: 'paused' }))
    expect(listed).toMatchObject({ output: { one: { items: [{ name: 'rounds', status: 'paused', next_at: null }] } } })
    await perform(one('orchestrator.resume', { task: 'rounds' }))
    expect(await t.call('automations.get', { automation: 'rounds' })).toMatchObject({ status: 'active' })
  })
})
