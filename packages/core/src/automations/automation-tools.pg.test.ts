/**
 * The tools `orchestrator.*` and `event.emit`, called by pipelines that automations run. Goal: a tool does what its operation does, with
 * the scopes of the run, one audit entry and the loop guard.
 */
import { readFileSync } from 'node:fs'
import { encodeId, type PipelineStep } from '@orrery/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import type { AnswerTo } from '../../../kernel/src/context/implementation.ts'
import { listViolations } from '../../../kernel/src/database/list-violations.ts'
import { sql } from '../../../kernel/src/database/sql.ts'
import { newId } from '../../../kernel/src/new-id.ts'
import { type AutomationBench, benchOf } from './automations.fixture.ts'

let t: TestCore
let bench: AutomationBench

beforeAll(async () => {
  t = await startTestCore()
  await t.core.start()
  await t.deploy()
  bench = benchOf(t)
  await bench.make({ name: 'client_follow_up', workflow: { name: 'greeting', input: { name: '${params.client_id}' } } })
})
afterAll(async () => {
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
})

const granted = { scopes: ['automations:write', 'automations:read'] }

/** Runs the steps in an automation. Returns the result of the run: what the steps saved, or the failure. */
async function perform(pipeline: PipelineStep[], more: object = granted) {
  const automation = await bench.make({ pipeline, retry: false, ...more })
  const { runId } = await t.call('automations.runNow', { automation })
  return t.call('runs.result', { runId: runId ?? '', timeout: '20s' })
}

const one = (uses: string, args: { [name: string]: string | number | { [name: string]: string } }): PipelineStep[] => [
  { id: 'one', uses, with: args, save_as: 'one' },
]

describe('orchestrator.schedule_task', () => {
  it('accepts the step of the adaptive follow-up example unchanged', async () => {
    const text = readFileSync(new URL('../../../../examples/daily-briefing/adaptive-follow-up.step.json', import.meta.url), 'utf8')
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

  it('rejects a missing scope, two times, no time, and an automation that does not exist', async () => {
    const step = (args: { [name: string]: string | number }) => one('orchestrator.schedule_task', { task: 'client_follow_up', ...args })
    expect(await perform(step({ delay: '1h' }), {})).toMatchObject({ status: 'failed' })
    expect(await perform(step({ delay: '1h', delay_hours: 1 }))).toMatchObject({ status: 'failed' })
    await expect(perform(step({}))).rejects.toMatchObject({ code: 'pipeline.invalid' })
    expect(await perform(one('orchestrator.schedule_task', { task: 'unknown', delay: '1h' }))).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('There is no automation unknown') },
    })
  })
})

describe('orchestrator.run_now', () => {
  it('starts an automation found by its title, with params', async () => {
    await bench.make({ name: 'news', title: 'The News', workflow: { name: 'greeting', input: { name: '${params.who}' } } })
    const done = await perform(one('orchestrator.run_now', { task: 'The News', params: { who: 'Ada' } }))
    expect(done).toMatchObject({ status: 'succeeded', output: { one: { automation: 'news', outcome: 'started' } } })
    const [fired] = await bench.firings('news')
    expect(await t.call('runs.result', { runId: fired?.runId ?? '', timeout: '10s' })).toMatchObject({ output: { text: 'Hello Ada' } })
  })
})

describe('orchestrator.pause, resume and list', () => {
  it('pauses an automation with a note, lists it as paused, and resumes it', async () => {
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

describe('a change made by a tool', () => {
  /** The audit entries of a run, oldest first. */
  const auditOf = async (runId: string) =>
    (await t.call('audit.list', { limit: 200 })).items.filter(({ actor }) => actor === runId).toReversed()

  it('writes one audit entry with the run as its actor, as the operation does with a key', async () => {
    await bench.make({ name: 'audited', schedule: 'every 1h', workflow: { name: 'greeting', input: { name: 'x' } } })
    const pipeline: PipelineStep[] = [
      { id: 'now', uses: 'orchestrator.run_now', with: { task: 'audited' } },
      { id: 'later', uses: 'orchestrator.schedule_task', with: { task: 'audited', delay: '1h' } },
      { id: 'pause', uses: 'orchestrator.pause', with: { task: 'audited', note: 'Too much' } },
      { id: 'again', uses: 'orchestrator.pause', with: { task: 'audited', note: 'Still' } },
      { id: 'resume', uses: 'orchestrator.resume', with: { task: 'audited' } },
      { id: 'emit', uses: 'event.emit', with: { topic: 'audit.seen' } },
    ]
    const automation = await bench.make({ pipeline, retry: false, scopes: ['automations:write', 'events:emit'] })
    const { runId } = await t.call('automations.runNow', { automation })
    expect(await t.call('runs.result', { runId: runId ?? '', timeout: '20s' })).toMatchObject({ status: 'succeeded' })
    const entries = await auditOf(runId ?? '')
    expect(entries.map(({ action }) => action)).toEqual([
      'automation.run',
      'automation.scheduled',
      'automation.paused',
      'automation.paused',
      'automation.resumed',
      'event.emitted',
    ])
    const { id } = await t.call('automations.get', { automation: 'audited' })
    expect(entries.slice(0, 5).map(({ subject }) => subject)).toEqual([id, id, id, id, id])
    expect(entries.map(({ actorType }) => actorType)).toEqual(Array(6).fill('system'))
  })

  it('makes the change of a tool once per step, even if an attempt is repeated after its idempotency key has expired', async () => {
    await bench.make({ name: 'asked', workflow: { name: 'greeting', input: { name: 'x' } } })
    const actor = { type: 'run', id: encodeId('run', newId(Date.now())), name: 'orchestrator.schedule_task' } as const
    const credential = { actor, org: t.org, permissions: new Set(['automations:write'] as const) }
    const caller = { credential, requestId: actor.id, traceId: null, idempotencyKey: 'step-1', face: 'tool' }
    const attempt = async () => {
      const { output } = await t.core.kernel.call('automations.runAt', caller, { automation: 'asked', delay: '1d' })
      return (output as AnswerTo<'automations.runAt'>).firing.id
    }
    const first = await attempt()
    await t.database.transaction(t.org, 'read write', (tx) => tx.write(sql`delete from app.idempotency_key where org_id = ${t.org}`))
    expect(await attempt()).toBe(first)
    expect(await bench.firings('asked')).toHaveLength(1)
  })

  it('names the key that called the tool by hand, whatever the name of the tool', async () => {
    await bench.make({ name: 'by-hand', workflow: { name: 'greeting', input: { name: 'x' } } })
    const { runId: realRun } = await t.call('automations.runNow', { automation: 'by-hand' })
    const { items: keys } = await t.call('keys.list', {})
    const scopes = ['tools:call', 'tools:write', 'automations:write', 'events:write'] as const
    const { id: caller, secret: key } = await t.call('keys.create', { name: 'caller', scopes: [...scopes] })
    for (const [at, tool] of [realRun ?? '', keys[0]?.id ?? '', 'a.plain_name'].entries()) {
      const callByHand = async (builtIn: string, args: { [name: string]: string }, requestId: string) => {
        const definition = { description: 'Acts', implementation: { kind: 'builtin', builtIn } }
        await t.call('tools.put', { tool, definition: definition as never }, { key })
        await t.call('tools.call', { tool, args }, { key, requestId })
        const { items } = await t.call('audit.list', { limit: 20 })
        return items.filter((entry) => entry.requestId === requestId).map(({ action, actor, actorType }) => ({ action, actor, actorType }))
      }
      const by = { actor: caller, actorType: 'api_key' }
      expect(await callByHand('event.emit', { topic: `hand.called${at}` }, `emit-${at}`)).toEqual([
        { action: 'tool.called', ...by },
        { action: 'event.emitted', ...by },
      ])
      expect(await callByHand('orchestrator.run_now', { task: 'by-hand' }, `fire-${at}`)).toEqual([
        { action: 'tool.called', ...by },
        { action: 'automation.run', ...by },
      ])
      expect(await t.query('select run_id from engine.event where type = $1', [`hand.called${at}`])).toEqual([{ run_id: null }])
    }
    expect((await bench.firings('by-hand')).map(({ cause }) => cause)).toEqual(Array(4).fill('manual'))
  })

  it('updates the note of an automation that is already paused', async () => {
    await bench.make({ name: 'renoted', schedule: 'every 1h', workflow: { name: 'greeting', input: { name: 'x' } } })
    await perform(one('orchestrator.pause', { task: 'renoted', note: 'First' }))
    await perform(one('orchestrator.pause', { task: 'renoted', note: 'Second' }))
    expect(await t.call('automations.get', { automation: 'renoted' })).toMatchObject({ status: 'paused', note: 'Second' })
  })

  it('stops a loop of an automation on automation.paused that pauses another automation', async () => {
    await bench.make({ name: 'toggled', schedule: 'every 1h', workflow: { name: 'greeting', input: { name: 'x' } } })
    const name = await bench.make({
      triggers: [{ type: 'event', topic: 'automation.paused', filter: "event.data.name == 'toggled'" }],
      pipeline: [
        { id: 'resume', uses: 'orchestrator.resume', with: { task: 'toggled' } },
        { id: 'pause', uses: 'orchestrator.pause', with: { task: 'toggled', note: '${event.id}' } },
      ],
      scopes: ['automations:write'],
      overlap: 'allow_all',
      retry: false,
    })
    await t.call('automations.pause', { automation: 'toggled' })
    const rows = await eventually(
      () => bench.firings(name),
      (all) => all.some(({ outcome }) => outcome === 'skipped') || all.length > 40,
      60_000,
    )
    expect(rows.filter(({ outcome }) => outcome === 'started')).toHaveLength(17)
    expect(rows.find(({ outcome }) => outcome === 'skipped')?.reason).toBe('loop: a chain of 17 firings led to this one')
  })

  it.each([
    ['run_now', {}],
    ['schedule_task', { delay: '0s' }],
  ])('stops a loop of an automation that requests itself with orchestrator.%s', async (tool, time) => {
    t.core.clock.start()
    const name = `loop-${tool.replace('_', '-')}`
    await bench.make({
      name,
      pipeline: [{ id: 'again', uses: `orchestrator.${tool}`, with: { task: name, ...time }, save_as: 'again' }],
      ...granted,
      overlap: 'allow_all',
      retry: false,
    })
    await t.call('automations.runNow', { automation: name })
    const rows = await eventually(
      () => bench.firings(name),
      (all) => all.some(({ outcome }) => outcome === 'skipped') || all.length > 40,
      60_000,
    )
    await t.call('automations.pause', { automation: name })
    expect(rows.filter(({ outcome }) => outcome === 'started')).toHaveLength(17)
    const reason = 'loop: a chain of 17 firings led to this one'
    expect(rows.filter(({ outcome }) => outcome === 'skipped')).toMatchObject([{ cause: 'agent', reason, runId: null }])
    const last = rows.findLast(({ outcome }) => outcome === 'started')
    const done = await t.call('runs.result', { runId: last?.runId ?? '', timeout: '20s' })
    expect(done).toMatchObject({ status: 'succeeded', output: { again: { outcome: 'skipped', reason } } })
  })
})
