import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../../tests/support/start-test-core.ts'
import { createEventConsumer } from '../../../../kernel/src/events/consume-events.ts'
import { createEventTail } from '../../../../kernel/src/events/event-tail.ts'
import { benchOf } from '../automations.fixture.ts'
import { replanOnCalendarChange } from './replan-on-calendar-change.ts'

let t: TestCore
let stop: () => Promise<void>
beforeAll(async () => {
  t = await startTestCore({ work: false })
  const { host } = benchOf(t)
  const tail = createEventTail({ database: t.database, notifier: null, log: host.log, pollMs: 20 })
  const follower = createEventConsumer({ database: t.database, tail, log: host.log }, replanOnCalendarChange(host))
  await follower.start()
  stop = async () => {
    await follower.stop()
    await tail.stop()
  }
})
afterAll(async () => {
  await stop?.()
  await t.close()
})

const year = new Date().getUTCFullYear() + 1
/** A calendar that is closed from 1 January up to a day. */
const closedTo = (day: string, name = 'team') =>
  t.call('calendars.put', { calendar: name, zone: 'UTC', layers: [{ kind: 'days', days: [{ date: `${year}-01-01`, to: day }] }] })
const daily = (calendar: string) => ({
  workflow: { name: 'greeting' },
  schedule: {
    zone: 'UTC',
    start: `${year}-01-01`,
    include: [{ kind: 'cron' as const, cron: '0 9 * * *' }],
    calendar: { id: calendar, roll: 'skip' as const },
  },
})
const nextAt = async (automation: string) => (await t.call('automations.get', { automation })).nextAt
const becomes = (automation: string, at: string) =>
  eventually(
    () => nextAt(automation),
    (next) => next === at,
  )

it('plans schedules again, earlier or later, when their calendar or one that it depends on changes', async () => {
  await t.deploy()
  await closedTo(`${year}-02-01`)
  await t.call('calendars.put', { calendar: 'dependent', zone: 'UTC', layers: [{ kind: 'calendar', calendar: 'team' }] })
  await t.call('automations.create', { name: 'direct', ...daily('team') })
  await t.call('automations.create', { name: 'indirect', ...daily('dependent') })
  expect(await nextAt('direct')).toBe(`${year}-02-02T09:00:00.000Z`)
  await closedTo(`${year}-01-05`)
  for (const name of ['direct', 'indirect']) await becomes(name, `${year}-01-06T09:00:00.000Z`)
  await closedTo(`${year}-03-01`)
  for (const name of ['direct', 'indirect']) await becomes(name, `${year}-03-02T09:00:00.000Z`)
})

it('keeps paused automations paused, and rejects deleting a calendar that an automation uses', async () => {
  await closedTo(`${year}-02-01`, 'quiet')
  await t.call('automations.create', { name: 'quiet', ...daily('quiet') })
  await t.call('automations.pause', { automation: 'quiet' })
  await t.call('automations.create', { name: 'loud', ...daily('quiet') })
  await closedTo(`${year}-01-05`, 'quiet')
  await becomes('loud', `${year}-01-06T09:00:00.000Z`)
  expect(await t.call('automations.get', { automation: 'quiet' })).toMatchObject({ status: 'paused', nextAt: null })
  await expect(t.call('calendars.delete', { calendar: 'quiet' })).rejects.toMatchObject({ code: 'calendar.in_use' })
})

it('keeps occurrences that wait for their jitter or for the end of a snooze', async () => {
  await closedTo(`${year}-02-01`, 'busy')
  await t.call('automations.create', { name: 'marker', ...daily('busy') })
  const at = new Date(t.engine.now() + 1_000).toISOString()
  const once = {
    zone: 'UTC',
    include: [{ kind: 'dates' as const, dates: [at] }],
    exclude: [{ kind: 'calendar' as const, calendar: 'busy' }],
  }
  await t.call('automations.create', { name: 'jittered', workflow: { name: 'greeting' }, schedule: { ...once, jitter: '1000h' } })
  await t.call('automations.create', { name: 'snoozed', workflow: { name: 'greeting' }, schedule: once })
  await t.call('automations.snooze', { automation: 'snoozed', until: `${year}-01-01T00:00:00Z` })
  const before = await Promise.all(['jittered', 'snoozed'].map(nextAt))
  expect(before).toEqual([expect.any(String), `${year}-01-01T00:00:00.000Z`])
  await eventually(
    () => Promise.resolve(t.engine.now()),
    (now) => now > Date.parse(at),
  )
  // Once the second change is handled for the marker, the first is handled for all automations.
  for (const day of ['05', '06']) {
    await closedTo(`${year}-01-${day}`, 'busy')
    await becomes('marker', `${year}-01-0${Number(day) + 1}T09:00:00.000Z`)
  }
  expect(await Promise.all(['jittered', 'snoozed'].map(nextAt))).toEqual(before)
})

it('deletes no calendar while an automation that uses it is being created', async () => {
  for (let round = 0; round < 5; round++) {
    const name = `race-${round}`
    await closedTo(`${year}-02-01`, name)
    const [made, deleted] = await Promise.allSettled([
      t.call('automations.create', { name, ...daily(name) }),
      t.call('calendars.delete', { calendar: name }),
    ])
    expect([made.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected'])
  }
})
