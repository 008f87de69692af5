/**
 * Feeds of calendars, fetched from a local HTTP server by one or more processes. Goal: a failing feed keeps its last good text, and one
 * process at a time fetches a feed.
 */
import { hash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startTestCore, type TestCore } from '../../../../tests/support/start-test-core.ts'
import type { Log } from '../../../kernel/src/context/kernel.ts'
import { listViolations } from '../../../kernel/src/database/list-violations.ts'
import { createDueClock } from '../../../kernel/src/due/due-clock.ts'
import { readOutsideAllow } from '../../../kernel/src/outside/outside-allow.ts'
import { outsidePolicy } from '../../../kernel/src/outside/outside-policy.ts'
import { createFeedKind } from './refresh-feeds.ts'

let t: TestCore
/** What the feed server answers by path: a text, or a status. */
const texts = new Map<string, string | number>()
/** The requests that the feed server received. */
const asked: IncomingMessage[] = []
/** The feed server answers after this promise. */
let held: Promise<void> | null = null
let base: string
const server = createServer(async (request, response) => {
  const text = texts.get(request.url ?? '') ?? 404
  asked.push(request)
  await held
  if (typeof text === 'number') return void response.writeHead(text).end()
  const etag = `"${hash('sha1', text)}"`
  if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end()
  response.writeHead(200, { 'content-type': 'text/calendar', etag }).end(text)
})
const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => log }
const running: { stop(): Promise<void> }[] = []

beforeAll(async () => {
  t = await startTestCore({ work: false })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})
afterAll(async () => {
  expect(await listViolations(t.database)).toEqual([])
  await new Promise((resolve) => server.close(resolve))
  await t.close()
})

function run(allow = '127.0.0.1'): void {
  const outside = { ...outsidePolicy, allow: readOutsideAllow(allow) }
  const kernel = { ...t.core.kernel, outside, log }
  const { kind, background } = createFeedKind(kernel)
  const clock = createDueClock({ kernel, kinds: [kind], notifier: null, pollMs: 20 })
  running.push(clock, background)
  clock.start()
}

const feedOf = (...days: string[]) =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    ...days.flatMap((day, at) => ['BEGIN:VEVENT', `UID:${at}`, `DTSTART;VALUE=DATE:${day}`, `SUMMARY:Away ${at}`, 'END:VEVENT']),
    'END:VCALENDAR',
    '',
  ].join('\r\n')

const put = (calendar: string, path: string) =>
  t.call('calendars.put', { calendar, zone: 'UTC', layers: [{ kind: 'feed', feed: `${base}${path}` }] })
const get = async (calendar: string) => {
  const [feed] = (await t.call('calendars.get', { calendar })).feeds
  if (feed === undefined) throw new Error(`${calendar} has no feed`)
  return feed
}
const fetched = (calendar: string) =>
  eventually(
    () => get(calendar),
    ({ state }) => state === 'fetched',
  )
const closedOn = async (calendar: string) =>
  (await t.call('calendars.days', { calendar, from: '2026-06-01', to: '2026-06-10' })).days.filter(({ isHoliday }) => isHoliday)
const eventsOf = async (subject: string) =>
  (await t.call('events.list', { subject, limit: 200 })).items.map(({ type, data }) => [type, data])
/** Requests a refresh, and waits until the feed was fetched and is due again later. */
async function refresh(calendar: string): Promise<void> {
  const before = Date.now()
  await t.call('calendars.refresh', { calendar })
  await eventually(
    () => get(calendar),
    ({ fetchedAt, failedAt, nextAt }) =>
      Math.max(Date.parse(fetchedAt ?? '1970'), Date.parse(failedAt ?? '1970')) >= before - 1000 && Date.parse(nextAt) > Date.now(),
  )
}

describe('feeds of calendars', () => {
  it('fetches a feed at once, closes the days of its events, and then uses conditional requests', async () => {
    texts.set('/team.ics', feedOf('20260602'))
    expect((await put('team', '/team.ics')).feeds).toMatchObject([{ state: 'awaited', fetchedAt: null, failure: null }])
    run()
    const first = await fetched('team')
    expect(Date.parse(first.nextAt) - Date.now()).toBeGreaterThan(50 * 60_000)
    expect(await closedOn('team')).toMatchObject([{ date: '2026-06-02', open: [], name: 'Away 0' }])
    await t.call('calendars.put', { calendar: 'dependent', zone: 'UTC', layers: [{ kind: 'calendar', calendar: 'team' }] })

    asked.length = 0
    await refresh('team')
    await eventually(
      async () => asked.length,
      (count) => count > 0,
    )
    expect(asked[0]?.headers['if-none-match']).toMatch(/^"/)
    expect((await get('team')).changedAt).toBe(first.changedAt)

    texts.set('/team.ics', feedOf('20260602', '20260604'))
    await t.call('calendars.refresh', { calendar: 'team' })
    await eventually(
      () => closedOn('team'),
      (days) => days.length === 2,
    )
    expect(await closedOn('dependent')).toMatchObject([{ date: '2026-06-02' }, { date: '2026-06-04' }])
    const update = ['calendar.updated', { version: 1, cause: 'feed', feed: base }]
    expect(
      await eventually(
        () => eventsOf('team'),
        (events) => events.length === 3,
      ),
    ).toEqual([['calendar.created', { version: 1 }], update, update])
    expect(
      await eventually(
        () => eventsOf('dependent'),
        (events) => events.length === 2,
      ),
    ).toEqual([['calendar.created', { version: 1 }], update])
  })

  it('reports what of a feed is left out or not understood, and nothing after it was repaired', async () => {
    texts.set(
      '/odd.ics',
      feedOf('20260602')
        .replace('SUMMARY', 'TRANSP:TRANSPARENT\r\nSUMMARY')
        .replace('END:VCALENDAR', 'BEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR'),
    )
    await put('odd', '/odd.ics')
    run()
    expect((await fetched('odd')).warnings).toEqual([
      'line 9: an event was left out: the event has no DTSTART',
      '1 of 1 events are marked as free (TRANSP:TRANSPARENT): they close nothing unless the layer has free: closed',
    ])
    expect(await closedOn('odd')).toEqual([])
    await t.call('calendars.put', { calendar: 'odd', zone: 'UTC', layers: [{ kind: 'feed', feed: `${base}/odd.ics`, free: 'closed' }] })
    expect(await closedOn('odd')).toHaveLength(1)
    texts.set('/odd.ics', feedOf('20260602'))
    await refresh('odd')
    expect(
      await eventually(
        () => get('odd'),
        ({ warnings }) => warnings.length === 0,
      ),
    ).toMatchObject({ state: 'fetched', warnings: [] })
  })

  it('keeps the last good text while a feed fails, shows the reason, and emits one event per series of failures', async () => {
    texts.set('/shaky.ics', feedOf('20260603'))
    await put('shaky', '/shaky.ics')
    run()
    await fetched('shaky')
    const failures: [string | number, string][] = [
      [503, 'answered with status 503'],
      ['<html>Log in</html>', 'BEGIN:VCALENDAR'],
      [`${feedOf('20260605')}\u0000`, 'NUL'],
      ['BEGIN:VCALENDAR\r\n'.padEnd(5_100_000, 'x'), 'larger'],
    ]
    for (const [answer, failure] of failures) {
      texts.set('/shaky.ics', answer)
      await t.call('calendars.refresh', { calendar: 'shaky' })
      const feed = await eventually(
        () => get('shaky'),
        (one) => one.failure?.includes(failure) === true,
      )
      expect(feed.state).toBe('failing')
      expect(feed.failure).not.toContain('shaky.ics')
      expect(await closedOn('shaky')).toMatchObject([{ date: '2026-06-03' }])
    }
    expect((await t.call('calendars.list', { limit: 200 })).items.find(({ name }) => name === 'shaky')?.failing).toEqual([
      `${base}/shaky.ics`,
    ])
    // After the fourth failure in a row, the delay is eight minutes plus up to a tenth.
    const waitMs = Date.parse((await get('shaky')).nextAt) - Date.now()
    expect(waitMs).toBeGreaterThan(7.5 * 60_000)
    expect(waitMs).toBeLessThan(9 * 60_000)
    const events = await eventually(
      () => eventsOf('shaky'),
      (all) => all.length >= 3,
    )
    expect(events.map(([type]) => type)).toEqual(['calendar.created', 'calendar.updated', 'calendar.feed_failed'])

    expect(JSON.stringify(events)).not.toContain('shaky.ics')

    texts.set('/shaky.ics', feedOf('20260609'))
    await t.call('calendars.refresh', { calendar: 'shaky' })
    expect(await fetched('shaky')).toMatchObject({ failure: null, failedAt: null })
    expect(await closedOn('shaky')).toMatchObject([{ date: '2026-06-09' }])
  })

  it('leaves a calendar unusable until its feed is fetched, and does not fetch from addresses that are not allowed', async () => {
    await t.call('calendars.put', { calendar: 'inside', zone: 'UTC', layers: [{ kind: 'feed', feed: `${base}/secret-path.ics` }] })
    run('')
    const feed = await eventually(
      () => get('inside'),
      ({ state }) => state === 'failing',
    )
    expect(feed.failure).toMatch(/127\.0\.0\.1/)
    expect(feed.failure).not.toContain('secret-path')
    await expect(t.call('calendars.days', { calendar: 'inside' })).rejects.toMatchObject({ code: 'calendar.unusable' })
    expect(asked.filter(({ url }) => url === '/secret-path.ics')).toEqual([])
  })

  it('fetches a feed in one process at a time', async () => {
    const paths = Array.from({ length: 20 }, (_, at) => `/crowd-${at}.ics`)
    for (const path of paths) texts.set(path, feedOf('20260601'))
    asked.length = 0
    for (const path of paths) await put(`crowd${path.replaceAll(/\D/g, '')}`, path)
    for (let at = 0; at < 4; at++) run()
    for (const path of paths) await fetched(`crowd${path.replaceAll(/\D/g, '')}`)
    const counts = paths.map((path) => asked.filter(({ url }) => url === path).length)
    expect(counts).toEqual(paths.map(() => 1))
  })

  it('fetches a feed again if a refresh is requested during a fetch', async () => {
    texts.set('/early.ics', feedOf('20260602'))
    asked.length = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    held = promise
    await put('early', '/early.ics')
    run()
    await eventually(
      async () => asked.length,
      (count) => count === 1,
    )
    texts.set('/early.ics', feedOf('20260603'))
    await t.call('calendars.refresh', { calendar: 'early' })
    held = null
    resolve()
    await eventually(
      () => closedOn('early').catch(() => []),
      ([day]) => day?.date === '2026-06-03',
    )
  })

  it('shares a feed between calendars, and keeps it while one of them uses it', async () => {
    const urls = async () => {
      const { rows } = await t.database.transaction(t.org, 'read only', ({ client }) =>
        client.query<{ url: string }>(`select url from app.calendar_feed where url like '%/held.ics'`),
      )
      return rows.length
    }
    texts.set('/held.ics', feedOf('20260601'))
    await put('holder-a', '/held.ics')
    await put('holder-b', '/held.ics')
    expect(await urls()).toBe(1)
    await t.call('calendars.put', { calendar: 'holder-a', zone: 'UTC', layers: [] })
    expect(await urls()).toBe(1)
    await t.call('calendars.delete', { calendar: 'holder-b' })
    expect(await urls()).toBe(0)
  })
})
