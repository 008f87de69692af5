import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { encodeCursor } from '../../../kernel/src/cursor.ts'

let t: TestCore

beforeAll(async () => {
  t = await startTestCore()
  await t.deploy()
})
afterAll(() => t?.close())

describe('queues.list, queues.pause and queues.resume', () => {
  it('holds runs back while a queue is paused', async () => {
    // No worker takes runs from this queue, so its depth does not change.
    await t.call('runs.start', { workflow: 'greeting', input: { name: 'x' }, queue: 'unserved' })
    expect(await t.call('queues.pause', { queue: 'unserved' })).toEqual({ queue: 'unserved', paused: true })
    const find = async () => (await t.call('queues.list', { limit: 200 })).items.find(({ name }) => name === 'unserved')
    expect(await find()).toMatchObject({ paused: true, depth: { queued: 1, running: 0 }, oldestQueuedAt: expect.any(String) })
    expect(await t.call('queues.resume', { queue: 'unserved' })).toEqual({ queue: 'unserved', paused: false })
    expect(await find()).toMatchObject({ paused: false })
  })

  it('a run of a paused queue does not start, although its process has a free slot', async () => {
    await t.call('queues.pause', { queue: 'default' })
    const { runId } = await t.call('runs.start', { workflow: 'approval', input: {} })
    expect(await t.call('runs.why', { runId })).toMatchObject({
      state: 'ready',
      summary: 'Queue "default" is paused. To resume it: orrery queues resume default.',
    })
    await t.call('queues.resume', { queue: 'default' })
    await eventually(
      () => t.call('runs.why', { runId }),
      ({ state }) => state === 'waiting',
    )
    await t.call('runs.cancel', { runId })
  })

  it('returns queues in pages, sorted by name', async () => {
    for (const queue of ['a', 'b', 'c']) await t.call('queues.pause', { queue })
    const first = await t.call('queues.list', { limit: 2 })
    const second = await t.call('queues.list', { limit: 2, cursor: first.nextCursor ?? '' })
    expect([...first.items, ...second.items].map(({ name }) => name).slice(0, 3)).toEqual(['a', 'b', 'c'])
  })
})

describe('limits.list and limits.set', () => {
  it('counts holders and waiting runs of a limit, and admits more runs after it is raised', async () => {
    const runs = []
    for (let i = 0; i < 3; i++) runs.push((await t.call('runs.start', { workflow: 'single', input: {} })).runId)
    const find = async () => (await t.call('limits.list', {})).items.find(({ name }) => name === 'workflow:single')
    expect(await find()).toEqual({ name: 'workflow:single', max: 1, override: null, holders: 1, waiting: 2 })
    expect((await t.call('runs.why', { runId: runs[2] ?? '' })).state).toBe('gated')
    expect(await t.call('limits.set', { limit: 'workflow:single', max: 2 })).toEqual({ limit: 'workflow:single', max: 2 })
    expect(await find()).toMatchObject({ max: 2, override: 2, holders: 2, waiting: 1 })
    await t.call('limits.set', { limit: 'workflow:single', max: null })
    expect(await find()).toMatchObject({ max: 1, override: null })
    for (const runId of runs) await t.call('runs.cancel', { runId })
    await eventually(find, (limit) => limit === undefined || limit.holders === 0)
  })
})

describe('workers.list', () => {
  it('shows the workers that serve the organization', async () => {
    const { items } = await t.call('workers.list', {})
    expect(items).toMatchObject([{ pid: process.pid, alive: true, slots: 20, steps: expect.arrayContaining(['greet']) }])
    expect(items[0]?.id).toMatch(/^wrk_/)
  })

  it('shows a tenant neither where a shared worker runs nor the steps of other organizations', async () => {
    const key = await t.otherOrg('tenant')
    const { items } = await t.call('workers.list', {}, { key })
    expect(items).toMatchObject([{ host: null, pid: null, steps: [], alive: true, slots: 20, queues: ['default'] }])
  })

  it('a worker whose lease has lapsed is not alive, though no other worker has noticed', async () => {
    await t.query(
      "insert into engine.worker (host, pid, version, queues, slots, steps, beat_at) values ('gone', 1, '', '{far}', 1, '{}', now() - interval '1 min')",
    )
    const gone = (await t.call('workers.list', {})).items.find(({ host }) => host === 'gone')
    expect(gone).toMatchObject({ alive: false })
    const { runId } = await t.call('runs.start', { workflow: 'approval', input: {}, queue: 'far' })
    expect((await t.call('runs.why', { runId })).summary).toBe('No live worker serves queue "far".')
    await t.call('runs.cancel', { runId })
    await t.query("delete from engine.worker where host = 'gone'")
  })

  it('lists workers after the one in the cursor', async () => {
    const { items } = await t.call('workers.list', {})
    const startedAt = Date.parse(items[0]?.startedAt ?? '')
    const cursorAt = (ms: number) => encodeCursor([new Date(ms).toISOString(), 'ffffffff-ffff-ffff-ffff-ffffffffffff'])
    expect((await t.call('workers.list', { cursor: cursorAt(startedAt) })).items.map(({ id }) => id)).toEqual(items.map(({ id }) => id))
    expect((await t.call('workers.list', { cursor: cursorAt(startedAt - 1) })).items).toEqual([])
  })
})

describe('system.info', () => {
  it('answers system.info without a key', async () => {
    const { output } = await t.answer('system.info', {}, { key: null })
    expect(output).toMatchObject({ name: 'orrery', version: '0.0.0-test', api: 'v1' })
  })
})
