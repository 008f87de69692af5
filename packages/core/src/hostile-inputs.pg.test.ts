/**
 * One organization sends what takes long to compute, of every kind; another makes plain requests. No turn of the server's event loop takes
 * longer than the 50 ms that the guide promises, beside what reading the requests themselves takes, and every answer is right.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../../tests/support/eventually.ts'
import { longestTurnMs } from '../../../tests/support/longest-turn.ts'
import { startTestCore, type TestCore } from '../../../tests/support/start-test-core.ts'
import { pipelineInterpreter } from './pipelines/to-pipeline-start.ts'

let t: TestCore
let server: Server
let base: string
let plainKey: string
/** By path. */
const bodies = new Map<string, string>()
beforeAll(async () => {
  server = createServer((request, response) => response.end(bodies.get(request.url ?? '') ?? ''))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  t = await startTestCore({ work: false, outsideAllow: '127.0.0.1' })
  await t.core.clock.start()
  await t.core.start()
  plainKey = await t.otherOrg('plain')
  bodies.set('/series.ics', series(12_000))
  bodies.set('/api.yaml', `${JSON.stringify(openApi).slice(0, -1)}, "x-list": [\n${'  {a: 1},\n'.repeat(150_000)}]}`)
  bodies.set('/api.json', JSON.stringify({ ...openApi, 'x-list': Array.from({ length: 600_000 }, (_, n) => ({ n })) }))
  // Loads the code of the processes, and what this process needs for the same requests.
  await Promise.all([pipelineInterpreter.build(), ...[undefined, plainKey].map((key) => plainRequests(key))])
})
afterAll(async () => {
  await t?.close()
  server?.close()
})

/** A schema, a schedule with many rules, and a document, each small. Returns the answers. */
async function plainRequests(key: string | undefined) {
  const options = key === undefined ? {} : { key }
  const implementation = { kind: 'http' as const, method: 'GET' as const, url: 'https://a.example/' }
  const inputSchema = { type: 'object', properties: { a: { type: 'string', pattern: '^a+$' } } }
  const tool = await t.call(
    'tools.put',
    { tool: 'plain.tool', definition: { description: 'Plain', inputSchema, examples: [{ with: { a: 'aaa' } }], implementation } } as never,
    options,
  )
  const include = [0, 1, 2, 3, 4].map((minute) => ({ kind: 'cron' as const, cron: `${minute} 9 * * *` }))
  const preview = await t.call('schedules.preview', { schedule: { include }, after: '2026-01-01T00:00:00Z', count: 6 }, options)
  return [tool.name, preview.occurrences.map(({ at }) => at)]
}

const RIGHT = ['plain.tool', [0, 1, 2, 3, 4].map((minute) => `2026-01-01T09:0${minute}:00.000Z`).concat('2026-01-02T09:00:00.000Z')]

const series = (count: number) => {
  const event = (n: number) =>
    `BEGIN:VEVENT\r\nUID:${n}\r\nDTSTART:20260101T100000Z\r\nDTEND:20260101T110000Z\r\nRRULE:FREQ=WEEKLY;INTERVAL=${1 + (n % 50)}\r\nEND:VEVENT\r\n`
  return `BEGIN:VCALENDAR\r\n${Array.from({ length: count }, (_, n) => event(n)).join('')}END:VCALENDAR\r\n`
}

function steps(expression: string) {
  const o = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`k${n}`, n]))
  const one = (n: number) => ({ id: `s${n}`, if: expression, uses: 'time.now', with: { timezone: `\${${expression}}` } })
  return { params: { a: null, o }, pipeline: Array.from({ length: 150 }, (_, n) => one(n)) }
}

const openApi = {
  openapi: '3.0.0',
  info: { title: 'Hostile', version: '1' },
  servers: [{ url: 'https://a.example' }],
  paths: { '/a': { get: { operationId: 'a', responses: { 200: { description: 'x' } } } } },
}

const hostile: Readonly<Record<string, () => Promise<unknown>>> = {
  'a schema whose expression backtracks': () =>
    t.call('tools.put', {
      tool: 'hostile.schema',
      definition: {
        description: 'Hostile',
        inputSchema: { type: 'object', properties: { a: { type: 'string', pattern: '^(a+)+$' } } },
        examples: [{ with: { a: `${'a'.repeat(60)}!` } }],
        implementation: { kind: 'http', method: 'GET', url: 'https://a.example/' },
      },
    } as never),
  'a schedule of a hundred rules of which a hundred thousand occurrences count': () =>
    t.call('schedules.preview', {
      schedule: {
        start: '2020-01-01T00:00',
        include: Array.from({ length: 100 }, (_, n) => ({ kind: 'rrule' as const, rrule: `FREQ=MINUTELY;INTERVAL=${n + 1}` })),
        count: 100_000,
      },
      count: 50,
    }),
  'a feed of 12,000 series': async () => {
    await t.call('calendars.put', { calendar: 'hostile', zone: 'UTC', layers: [{ kind: 'feed', feed: `${base}/series.ics` }] })
    await eventually(
      () => t.call('calendars.get', { calendar: 'hostile' }),
      ({ feeds }) => feeds[0]?.state === 'fetched',
      60_000,
    )
    return t.call('calendars.days', { calendar: 'hostile', from: '2026-01-01', to: '2026-12-31' })
  },
  'a pipeline of 150 steps with long conditions, saved': () =>
    t.call('pipelines.put', { pipeline: 'hostile', definition: steps(Array(60).fill('params.a').join(' || ')) as never }),
  'a dry run that computes as much as it may': () =>
    t.call('pipelines.dryRun', { definition: steps('merge(params.o, params.o)') as never }),
  'events to which two hundred filters listen': async () => {
    const pipeline = [{ id: 'now', uses: 'time.now' }]
    const listen = (name: string, filter: string) =>
      t.call('automations.apply', { name, pipeline, triggers: [{ type: 'event', topic: 'many', filter }] } as never)
    for (let n = 0; n < 200; n++) await listen(`many-${n}`, `length(event.data.list[? @ > \`${n}\`]) == \`-1\``)
    await listen('many-end', 'event.data.isLast')
    const payload = { list: Array.from({ length: 4_000 }, (_, n) => n % 7) }
    for (let n = 0; n < 20; n++) await t.call('events.emit', { topic: 'many', payload: { ...payload, isLast: false } })
    await t.call('events.emit', { topic: 'many', payload: { ...payload, isLast: true } })
    await eventually(
      () => t.call('automations.firings', { automation: 'many-end' }),
      ({ items }) => items.length === 1,
      60_000,
    )
  },
  'a YAML document of one and a half million characters': () => t.call('tools.import', { url: `${base}/api.yaml`, prefix: 'hostile.yaml' }),
  'a JSON document of six megabytes': () => t.call('tools.import', { url: `${base}/api.json`, prefix: 'hostile.json' }),
}

test.each(Object.keys(hostile))(
  '%s delays no other request',
  async (name) => {
    const send = hostile[name] ?? (() => Promise.reject(new Error('No such input')))
    const { longestMs, value } = await longestTurnMs(async () => {
      const sent = send().then(
        () => 'done',
        (error: { readonly code?: string }) => error.code,
      )
      const answers = [await plainRequests(plainKey), await plainRequests(plainKey)]
      return { outcome: await sent, answers }
    })
    console.log(`${name}: ${value.outcome}, longest turn ${longestMs.toFixed(0)} ms`)
    expect(value.answers).toEqual([RIGHT, RIGHT])
    expect(['done', 'invalid_input', 'schedule.invalid', 'calendar.unusable', 'tool.source_failed']).toContain(value.outcome)
    expect(longestMs).toBeLessThan(50)
  },
  180_000,
)
