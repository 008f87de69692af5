import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'

let t: TestCore
beforeAll(async () => {
  t = await startTestCore({ work: false })
})
afterAll(() => t.close())

const preview = (input: object) => t.answer('schedules.preview', input).then(({ output }) => output as never as Preview)
type Preview = Awaited<ReturnType<typeof typed>>
const typed = () => t.call('schedules.preview', {})

describe('schedules.preview', () => {
  it('shows the next occurrences in two zones, with the days on which clocks change', async () => {
    const shown = await preview({
      schedule: { zone: 'America/New_York', include: [{ kind: 'cron', cron: '30 2 * * *' }] },
      viewerZone: 'Europe/Berlin',
      after: '2027-03-13T00:00:00Z',
      count: 3,
    })
    expect(shown.description).toBe('At 02:30 every day (America/New_York)')
    expect(shown.occurrences.map(({ at, local, weekday, clocks, viewerLocal }) => [at, local, weekday, clocks, viewerLocal])).toEqual([
      ['2027-03-13T07:30:00.000Z', '2027-03-13T02:30:00-05:00', 'sat', null, '2027-03-13T08:30:00+01:00'],
      ['2027-03-14T07:30:00.000Z', '2027-03-14T03:30:00-04:00', 'sun', 'forward', '2027-03-14T08:30:00+01:00'],
      ['2027-03-15T06:30:00.000Z', '2027-03-15T02:30:00-04:00', 'mon', null, '2027-03-15T07:30:00+01:00'],
    ])
    expect(shown.analysis.dstConflicts).toContainEqual({ local: '2027-03-14T02:30:00', kind: 'gap' })
    expect(shown.warnings[0]).toMatch(/^2\d{3}-03-\d\d 02:30 does not exist in America\/New_York/)
  })

  it('accepts the text forms, and adds the start that would be stored to rules', async () => {
    const daily = await preview({ schedule: 'FREQ=DAILY;BYHOUR=7;BYMINUTE=30', timezone: 'America/New_York', count: 2 })
    expect(daily.schedule).toMatchObject({
      zone: 'America/New_York',
      include: [{ kind: 'rrule', start: expect.stringMatching(/^\d{4}-/) }],
    })
    expect(daily.occurrences.map(({ local }) => local.slice(11, 19))).toEqual(['07:30:00', '07:30:00'])
    expect((await preview({ schedule: '0 9 * * MON', count: 1 })).occurrences).toMatchObject([{ weekday: 'mon' }])
    const every = await preview({ schedule: 'every 90m', after: '2026-01-01T00:00:00Z', count: 2 })
    expect(every.occurrences.map(({ at }) => at)).toEqual(['2026-01-01T01:30:00.000Z', '2026-01-01T03:00:00.000Z'])
    const once = await preview({ schedule: '2030-05-01T09:00', timezone: 'Europe/Berlin' })
    expect([once.end, once.occurrences.map(({ at }) => at)]).toEqual(['ended', ['2030-05-01T07:00:00.000Z']])
  })

  it('warns of a schedule that never occurs, and of one that occurs in leap years only', async () => {
    const never = await preview({ schedule: '0 0 30 2 *' })
    expect(never).toMatchObject({ occurrences: [], end: 'ended', analysis: { isImpossible: true } })
    expect(never.warnings).toContain('It never occurs.')
    const leap = await preview({ schedule: { include: [{ kind: 'cron', cron: '0 0 29 2 *' }] }, count: 2 })
    expect(leap.warnings).toContain('It occurs in leap years only.')
    expect(leap.occurrences.map(({ local }) => local.slice(5, 10))).toEqual(['02-29', '02-29'])
  })

  it('begins a count without a start now, and warns if all times have passed', async () => {
    for (const include of [
      { kind: 'cron', cron: '0 9 * * *' },
      { kind: 'interval', every: '0.009d' },
    ]) {
      const three = await preview({ schedule: { include: [include], count: 3 } })
      expect([three.occurrences.length, three.end, three.warnings]).toEqual([3, 'ended', []])
      expect(three.schedule).toMatchObject({ start: expect.stringMatching(/^\d{4}-.*Z$/), count: 3 })
    }
    const over = await preview({ schedule: { include: [{ kind: 'cron', cron: '0 9 * * *' }], end: '2020-01-01' } })
    expect(over).toMatchObject({ occurrences: [], end: 'ended', warnings: ['It is over: all its times have passed.'] })
  })

  it('uses the calendars of the organization', async () => {
    await t.call('calendars.put', { calendar: 'us', zone: 'America/New_York', layers: [{ kind: 'holidays', region: 'US' }] })
    const schedule = {
      zone: 'America/New_York',
      include: [{ kind: 'cron', cron: '0 9 * * *' }],
      exclude: [{ kind: 'calendar', calendar: 'us' }],
    }
    const shown = await preview({ schedule, after: '2026-12-24T12:00:00Z', count: 2 })
    expect(shown.occurrences.map(({ local }) => local.slice(0, 10))).toEqual(['2026-12-24', '2026-12-26'])
    const key = await t.otherOrg('elsewhere')
    await expect(t.answer('schedules.preview', { schedule }, { key })).rejects.toMatchObject({
      code: 'schedule.invalid',
      extra: { errors: [{ path: 'schedule.exclude[0].calendar', message: 'there is no calendar "us"' }] },
    })
  })

  it('rejects each error at its path', async () => {
    const wrong = {
      include: [
        { kind: 'cron', cron: '61 * * * *' },
        { kind: 'rrule', rrule: 'FREQ=SOMETIMES' },
      ],
    }
    await expect(preview({ schedule: wrong })).rejects.toMatchObject({
      code: 'schedule.invalid',
      extra: {
        errors: [
          { path: 'schedule.include[0].cron', message: expect.stringMatching(/\(at character 1\)$/) },
          { path: 'schedule.include[1].rrule', message: expect.stringMatching(/\(at character 6\)$/) },
        ],
      },
    })
    await expect(preview({ schedule: 'whenever' })).rejects.toMatchObject({ extra: { errors: [{ path: 'schedule' }] } })
    await expect(preview({ schedule: '0 9 * * *', viewerZone: 'Nowhere' })).rejects.toMatchObject({ code: 'invalid_input' })
    await expect(preview({ schedule: '0 9 * * *', timezone: 'Nowhere' })).rejects.toMatchObject({ code: 'schedule.invalid' })
  })
})
