/**
 * Fields of an automation that Ordinaut stored and never read. Each test fails if the field is ignored. The outside is an HTTP server that
 * always fails.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AutomationDefinition } from '@orrery/contract'
import { joinSteps } from '@orrery/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'
import { listViolations } from '../../../../kernel/src/database/list-violations.ts'
import { type AutomationBench, benchOf } from '../automations.fixture.ts'

let t: TestCore
let bench: AutomationBench
/** Arrival times of the attempts, by path. */
const attempts = new Map<string, number[]>()
const server = createServer((request, response) => {
  const path = request.url ?? ''
  attempts.set(path, [...(attempts.get(path) ?? []), performance.now()])
  response.writeHead(503).end()
})

beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t = await startTestCore({ outsideAllow: '127.0.0.1' })
  await t.deploy()
  bench = benchOf(t)
})
afterAll(async () => {
  expect(await listViolations(t.database)).toEqual([])
  await t.close()
  server.close()
})

const runNow = async (automation: string, more: { event?: { [name: string]: string } } = {}) =>
  t.call('automations.runNow', { automation, ...more })
const resultOf = async (runId: string | null) => t.call('runs.result', { runId: runId ?? '', timeout: '20s' })
const statusOf = async (runId: string | null) => (await t.call('runs.get', { runId: runId ?? '' })).status
const waiting: Pick<AutomationDefinition, 'pipeline' | 'overlap'> = {
  pipeline: [{ id: 'wait', wait: { signal: 'go' } }],
  overlap: 'allow_all',
}
const go = async (runId: string | null) => {
  await t.call('runs.signal', { runId: runId ?? '', name: 'go', payload: null })
  await resultOf(runId)
}

/** A pipeline that calls the server, which always answers 503. */
const asking = (path: string) => {
  const { port } = server.address() as AddressInfo
  return { pipeline: [{ id: 'ask', uses: 'http.request', with: { url: `http://127.0.0.1:${port}${path}` } }], scopes: ['http:request'] }
}

const gapsOf = (path: string) => (attempts.get(path) ?? []).map((at, index, all) => at - (all[index - 1] ?? at)).slice(1)

describe('priority', () => {
  it('starts queued runs by priority', async () => {
    const idle = await startTestCore({ work: false })
    await idle.deploy()
    const ids: string[] = []
    for (const priority of ['low', 'normal', 'urgent'] as const) {
      await idle.call('automations.create', { name: priority, priority, workflow: { name: 'greeting', input: { name: priority } } })
      ids.push((await idle.call('automations.runNow', { automation: priority })).runId ?? '')
    }
    const worker = await idle.engine.work({ steps: joinSteps(idle.core.steps, idle.project.steps), slots: 1 })
    const ended: { id: string; at: string }[] = []
    for (const runId of ids) {
      await idle.call('runs.result', { runId, timeout: '10s' })
      ended.push({ id: runId, at: (await idle.call('runs.get', { runId })).finishedAt ?? '' })
    }
    await worker.stop({ graceMs: 1000 })
    await idle.close()
    expect(ended.toSorted((a, b) => (a.at < b.at ? -1 : 1)).map(({ id }) => ids.indexOf(id))).toEqual([2, 1, 0])
  })
})

describe('retry', () => {
  it('applies retry to the number of attempts of a pipeline step and the delays between them', async () => {
    const made = {
      none: await bench.make({ ...asking('/none'), retry: false }),
      fixed: await bench.make({ ...asking('/fixed'), retry: { max: 3, backoff: 'fixed' } }),
      linear: await bench.make({ ...asking('/linear'), retry: { max: 3, backoff: 'linear' } }),
      exponential: await bench.make({ ...asking('/exponential'), retry: { max: 3 } }),
    }
    const runs = await Promise.all(Object.values(made).map((name) => runNow(name)))
    for (const { runId } of runs) expect(await resultOf(runId)).toMatchObject({ status: 'failed' })
    expect([...attempts].map(([path, times]) => [path, times.length]).toSorted()).toEqual([
      ['/exponential', 3],
      ['/fixed', 3],
      ['/linear', 3],
      ['/none', 1],
    ])
    const about = (gap: number | undefined, least: number, most: number) =>
      expect(gap ?? 0, `${least} to ${most}`).toSatisfy((ms: number) => ms >= least - 20 && ms < most + 900)
    for (const gap of gapsOf('/fixed')) about(gap, 1000, 1000)
    about(gapsOf('/linear')[0], 1000, 1000)
    about(gapsOf('/linear')[1], 2000, 2000)
    about(gapsOf('/exponential')[0], 500, 1000)
    about(gapsOf('/exponential')[1], 1000, 2000)
  })
})

describe('concurrencyKey', () => {
  it('runs one run at a time among all automations with the same concurrencyKey', async () => {
    const [one, two, other] = [
      await bench.make({ ...waiting, concurrencyKey: 'crm' }),
      await bench.make({ workflow: { name: 'approval' }, concurrencyKey: 'crm' }),
      await bench.make({ ...waiting, concurrencyKey: 'billing' }),
    ]
    const first = await runNow(one)
    await eventually(
      () => statusOf(first.runId),
      (status) => status === 'waiting',
    )
    const second = await runNow(two)
    const third = await runNow(other)
    await eventually(
      () => statusOf(third.runId),
      (status) => status === 'waiting',
    )
    expect(await statusOf(second.runId)).toBe('queued')
    expect(await t.call('runs.why', { runId: second.runId ?? '' })).toMatchObject({ summary: expect.stringContaining('crm') })
    await go(first.runId)
    await eventually(
      () => statusOf(second.runId),
      (status) => status === 'waiting',
    )
    await bench.answer(second.runId)
    await go(third.runId)
  })

  it('accepts a template over the event as concurrencyKey, in addition to the limits of the workflow', async () => {
    const name = await bench.make({ workflow: { name: 'single', input: null }, concurrencyKey: '${event.customer}', overlap: 'allow_all' })
    const first = await runNow(name, { event: { customer: 'ada' } })
    const second = await runNow(name, { event: { customer: 'bob' } })
    const { rows } = await t.database.transaction(t.org, 'read only', ({ client }) =>
      client.query<{ names: string[] }>(
        'select array_agg(name order by position) as names from engine.hold group by run_id order by run_id',
      ),
    )
    expect(rows.map(({ names }) => names)).toEqual([
      ['workflow:single', 'key:ada'],
      ['workflow:single', 'key:bob'],
    ])
    await go(first.runId)
    await go(second.runId)
  })
})

describe('dedupe', () => {
  it('answers starts within the dedupe window with the first run, and does not extend the window', async () => {
    const name = await bench.make({ ...waiting, dedupe: { key: 'order ${event.order}', window: '1h' } })
    const ask = async (order: string) => (await runNow(name, { event: { order } })).firing
    const window = async (shift = '0') =>
      (await t.query(`update engine.key set expires_at = expires_at - $1::interval where key = 'order 1' returning expires_at`, [shift]))[0]
    const first = await ask('1')
    expect(first).toMatchObject({ outcome: 'started' })
    expect(await ask('2')).toMatchObject({ outcome: 'started' })
    const nearItsEnd = await window('59 minutes')
    expect(await ask('1')).toMatchObject({ outcome: 'existing', runId: first.runId })
    expect(await window()).toEqual(nearItsEnd)
    await window('1 hour')
    const later = await ask('1')
    expect(later).toMatchObject({ outcome: 'started' })
    expect(later.runId).not.toBe(first.runId)
  })

  it.each(['never', 'after_failure'] as const)(
    'starts again under the key of a run that did not succeed, if reuse says so: %s',
    async (reuse) => {
      const name = await bench.make({ ...waiting, dedupe: { key: `again ${reuse}`, window: '1h', reuse } })
      const ask = async () => (await runNow(name)).firing
      const first = await ask()
      await t.call('runs.cancel', { runId: first.runId ?? '', terminate: true })
      expect(await resultOf(first.runId)).toMatchObject({ status: 'cancelled' })
      expect((await ask()).outcome).toBe(reuse === 'never' ? 'existing' : 'started')
    },
  )
})

describe('timeout', () => {
  it('ends a run that exceeds its timeout', async () => {
    const name = await bench.make({ ...waiting, timeout: '300ms' })
    expect(await resultOf((await runNow(name)).runId)).toMatchObject({ status: 'timed_out' })
  })
})

describe('a pipeline', () => {
  it('lets a pipeline read the event, the params and the cause of its run', async () => {
    const pipeline = {
      params: { greeting: 'Hello' },
      pipeline: [{ id: 'now', uses: 'time.now' }],
      output: {
        text: '${params.greeting} ${event.who}',
        whole: '${event}',
        cause: '${run.cause}',
        automation: '${run.automation}',
        date: '${timezone}',
      },
    }
    const name = await bench.make({ pipeline, timezone: 'Asia/Tokyo', params: { greeting: 'Ciao' } })
    const { runId } = await runNow(name, { event: { who: 'Ada' } })
    const output = { text: 'Ciao Ada', whole: { who: 'Ada' }, cause: 'manual', automation: name, date: 'Asia/Tokyo' }
    expect(await resultOf(runId)).toMatchObject({ status: 'succeeded', output })
  })
})

describe('tags', () => {
  it('tags a run with the tags and the id of its automation', async () => {
    const name = await bench.make({ workflow: { name: 'greeting', input: { name: 'x' } }, tags: ['nightly'] })
    const { runId, firing } = await runNow(name)
    expect((await t.call('runs.get', { runId: runId ?? '' })).tags).toEqual(['nightly', firing.automationId])
  })
})
