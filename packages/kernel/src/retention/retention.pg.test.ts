import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import { listViolations } from '../database/list-violations.ts'
import { sweepRetention } from './sweep-retention.ts'

const DAY_MS = 86_400_000
let t: TestCore
let other: string
beforeAll(async () => {
  t = await startTestCore()
  other = await t.otherOrg('other')
  for (const key of [t.adminKey, other]) await t.deploy(key)
})
afterAll(() => t?.close())
beforeEach(() => t.query('delete from app.retention'))

/** Ends a run, with its events and logs. */
async function run(key = t.adminKey): Promise<string> {
  const { runId } = await t.call('runs.start', { workflow: 'greeting', input: { name: 'Ada' } }, { key })
  await t.call('runs.result', { runId, timeout: '30s' }, { key })
  return runId
}

/** Sweeps until nothing is due, with a clock that is `days` ahead. */
async function sweep(days: number, kernel = t.core.kernel): Promise<void> {
  const clock = { now: () => t.core.kernel.clock.now() + days * DAY_MS }
  while (await sweepRetention({ ...kernel, clock }));
}

const countRuns = async (key = t.adminKey) => (await t.call('runs.list', { limit: 200 }, { key })).items.length

it('shows what was set, changes one field alone, and says what is missing', async () => {
  const none = { runDays: null, eventDays: null, toolCallDays: null, firingDays: null }
  expect(await t.call('retention.get', {})).toEqual({ ...none, updatedAt: null })
  expect(await t.call('retention.set', { runDays: 30 })).toMatchObject({ ...none, runDays: 30 })
  expect(await t.call('retention.set', { eventDays: 7 })).toMatchObject({ runDays: 30, eventDays: 7 })
  expect(await t.call('retention.set', { runDays: null })).toMatchObject({ runDays: null, eventDays: 7 })
  expect(await t.call('retention.get', {}, { key: other })).toMatchObject(none)
  await expect(t.call('retention.set', {})).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(t.call('retention.set', { runDays: 0 })).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(t.call('retention.set', { toolCallDays: 91 })).rejects.toMatchObject({ code: 'invalid_input' })
  const { secret } = await t.call('keys.create', { name: 'manager', set: 'manager' })
  await expect(t.call('retention.set', { runDays: 1 }, { key: secret ?? '' })).rejects.toMatchObject({ code: 'forbidden' })
  expect((await t.call('audit.list', { action: 'retention.set' })).items[0]).toMatchObject({
    subject: 'retention',
    detail: { eventDays: 7 },
  })
})

it('deletes ended runs that are older, and nothing of runs in work, of younger ones, or of another organization', async () => {
  const { runId: waiting } = await t.call('runs.start', { workflow: 'approval', input: null })
  for (let n = 0; n < 3; n++) await run()
  await run(other)
  await t.call('retention.set', { runDays: 10 })
  await sweep(9)
  expect(await countRuns()).toBe(4)
  await t.call('retention.set', { runDays: 10 })
  await sweep(11)
  expect((await t.call('runs.list', { limit: 200 })).items.map(({ id }) => id)).toEqual([waiting])
  expect(await countRuns(other)).toBe(1)
  const left = await t.query<{ n: number }>('select count(distinct run_id)::int as n from engine.journal')
  expect(left).toEqual([{ n: 1 }])
  await t.call('runs.cancel', { runId: waiting })
  expect(await listViolations(t.database)).toEqual([])
})

it('deletes events, traces of calls and firings that are older', async () => {
  await t.call('events.emit', { topic: 'order.paid', payload: {} })
  await t.call('tools.call', { tool: 'time.now' })
  await t.call('automations.create', { name: 'nightly', workflow: { name: 'greeting', input: { name: 'Ada' } } })
  await t.call('automations.runNow', { automation: 'nightly' })
  const counts = async () => {
    const [row] = await t.query<Record<string, number>>(
      `select (select count(*) from engine.event where org_id = $1)::int as events, (select count(*) from app.tool_call where org_id = $1)::int as calls,
         (select count(*) from app.firing where org_id = $1)::int as firings`,
      [t.org],
    )
    return row
  }
  await eventually(counts, (row) => row?.calls === 1 && row.firings === 1)
  await t.call('retention.set', { eventDays: 5, toolCallDays: 5, firingDays: 5 })
  await t.query('update app.firing set going = false')
  await sweep(6)
  expect(await counts()).toEqual({ events: 0, calls: 0, firings: 0 })
})

it('lets organizations take turns', async () => {
  for (let n = 0; n < 3; n++) await Promise.all([run(), run(other)])
  for (const key of [t.adminKey, other]) await t.call('retention.set', { runDays: 1 }, { key })
  const clock = { now: () => t.core.kernel.clock.now() + 2 * DAY_MS }
  await sweepRetention({ ...t.core.kernel, clock })
  await sweepRetention({ ...t.core.kernel, clock })
  expect([await countRuns(), await countRuns(other)]).toEqual([0, 0])
})
