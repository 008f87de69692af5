import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTools, type Tools } from '../testing/start-tools.fixture.ts'
import { timeNow } from './time-now.ts'

let tools: Tools
beforeAll(async () => {
  tools = await startTools()
})
afterAll(() => tools.close())

describe('time.now', () => {
  it('returns the time of the database, in UTC by default', async () => {
    const before = tools.core.engine.now()
    const { output } = await tools.call(timeNow, {})
    const { utc, local, epoch_ms } = output as { utc: string; local: string; epoch_ms: number }
    expect([Date.parse(utc), Date.parse(local)]).toEqual([epoch_ms, epoch_ms])
    expect(epoch_ms).toBeGreaterThanOrEqual(Math.floor(before))
    expect(output).toMatchObject({ timezone: 'UTC' })
  })

  it.each([
    ['2026-03-08T06:59:59.999Z', 'America/New_York', '2026-03-08T01:59:59.999-05:00', 'Sunday'],
    ['2026-03-08T07:00:00.000Z', 'America/New_York', '2026-03-08T03:00:00-04:00', 'Sunday'],
    ['2026-12-31T23:00:00.000Z', 'Asia/Kathmandu', '2027-01-01T04:45:00+05:45', 'Friday'],
  ])('converts %s in %s to %s, a %s', async (utc, timezone, local, weekday) => {
    const ctx = { clock: { now: () => Date.parse(utc) } }
    const { output } = await tools.call(timeNow, { timezone }, { ctx: ctx as never })
    expect(output).toMatchObject({ utc, local, weekday, date: local.slice(0, 10), time: local.slice(11, 19), timezone })
  })

  it.each(['Mars/Olympus', '+02:00', '__proto__'])('rejects the unknown zone %s', async (timezone) => {
    expect(await tools.failure(timeNow, { timezone })).toMatchObject({ name: 'InvalidTimezone', isRetryable: false })
  })
})
