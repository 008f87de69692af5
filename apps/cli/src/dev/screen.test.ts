/** What `orrery dev` prints for news, log lines and events, with text that tries to control the terminal. */
import { createClient, type Event } from '@orrery/client'
import { beforeEach, expect, test } from 'vitest'
import type { Io } from '../io.ts'
import { cliBench } from '../run-cli.fixture.ts'
import { shown } from '../shown.ts'
import { placeOf } from './find-place.ts'
import { createFollower } from './follow-work.ts'
import { createScreen } from './screen.ts'
import { showLogLine } from './show-log.ts'
import { showNews } from './show-news.ts'

const RUN = 'run_01jb2m4k6q8r0s2t4v6w8x0y2z'
let out = ''
let now = Date.parse('2026-11-05T09:30:00.000Z')
const io = {
  env: {},
  out: ({ text }: { text: string }) => void (out += text),
  style: (_: unknown, text: string) => shown`${text}`,
} as unknown as Io

beforeEach(() => {
  out = ''
})
const screen = () => createScreen(io, () => now)
/** The lines without their time of day, which is local. */
const lines = () =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\d\d:\d\d:\d\d {2}/, ''))

test('shows what is deployed, what does not build, and what a step logs with its run and step', () => {
  const page = screen()
  showNews(page, { type: 'deployed', workflows: ['hello', 'order'], change: null }, () => '')
  showNews(page, { type: 'broken', message: 'a.ts:1:2: no\nb.ts:3:4: \u001b[2Jno', isKept: true }, () => '')
  showNews(page, { type: 'line', level: 'warn', runId: RUN, step: 'look-up', message: 'one\ntwo\u009b', data: { a: 1 } }, () => 'hello')
  showNews(page, { type: 'of a newer server' }, () => '')
  expect(lines()).toEqual([
    'deployed   2 workflows: hello, order',
    'broken     the project does not build; the previous version stays deployed',
    '                     a.ts:1:2: no',
    '                     b.ts:3:4: \\u001b[2Jno',
    'warn       hello  6w8x0y2z  look-up: one',
    '                     two\\u009b {"a":1}',
  ])
})

test('shows lines of the server’s log, and what is not one', () => {
  const page = screen()
  showLogLine(page, '{"level":"warn","time":"t","msg":"slow\\u001b[2J","pool":"engine","error":{"stack":"Error: x\\n    at y"}}')
  showLogLine(page, '{ not json')
  expect(lines()).toEqual([
    'warn       slow\\u001b[2J pool=engine',
    '                     Error: x',
    '                         at y',
    'error      { not json',
  ])
})

const event = (type: string, data: object, at = '2026-11-05T09:30:00.000Z', subject = RUN): Event =>
  ({ id: '1-1', type, subject, at, data }) as Event

test('shows runs as they start and end, with their error and its place, and automations that fire', async () => {
  const stack = 'Error: boom\n    at bad (file:///srv/app/workflows/parts/bad.ts:12:9)\n    at file:///srv/app/node_modules/x/y.js:1:1'
  await using cli = await cliBench(({ line }) => {
    if (line.includes('/history'))
      return { body: { items: [{ name: 'bad', error: { name: 'Error', message: 'boom', stack } }], nextCursor: null } }
    if (line.includes('/automations/')) return { body: { name: 'morning' } }
    return { body: { error: { name: 'StepFailedError', message: 'step bad failed: boom', stack: '', details: { step: 'bad' } } } }
  })
  const client = createClient({ url: cli.url, key: 'k' })
  const page = screen()
  const follower = createFollower(page, '/srv/app')
  const other = RUN.replace('z', 'y')
  for (const one of [
    event('run.started', { workflow: 'hello' }),
    event('run.progress', { workflow: 'hello' }),
    event(
      'run.failed',
      { workflow: 'hello', error: { name: 'StepFailedError', message: 'step bad failed: boom' } },
      '2026-11-05T09:30:02.100Z',
    ),
    event('automation.fired', { cause: 'schedule', runId: other, reason: null }, undefined, 'aut_1'),
    event('run.started', { workflow: 'orrery.pipeline' }, undefined, other),
    event('run.succeeded', { workflow: 'orrery.pipeline' }, undefined, other),
    event('automation.fired', { cause: 'schedule', runId: null, reason: 'still running' }, undefined, 'aut_1'),
    event('limit.changed', {}),
  ])
    await follower.show(client, one)
  expect(lines()).toEqual([
    'started    hello  6w8x0y2z',
    'failed     hello  6w8x0y2z  2s  step bad failed: boom  workflows/parts/bad.ts:12',
    'fired      morning  schedule → 6w8x0y2y',
    'started    morning  6w8x0y2y',
    'ok         morning  6w8x0y2y',
    'fired      morning  schedule: still running',
  ])
})

test('counts lines about runs that would hide the others', () => {
  const page = screen()
  for (let at = 0; at < 100; at += 1) page.sayRun('started', { name: 'many', runId: RUN }, '')
  expect(lines()).toHaveLength(40)
  now += 1_000
  page.sayRun('ok', { name: 'many', runId: RUN }, '1s')
  expect(lines().slice(40)).toEqual(['info       … and 60 more lines; see orrery runs list', 'ok         many  6w8x0y2z  1s'])
})

test('finds the innermost frame of a stack in the project', () => {
  const at = (...frames: string[]) => placeOf(['Error: x', ...frames.map((frame) => `    at ${frame}`)].join('\n'), '/srv/app')
  expect(at('node:internal/x:1:1', 'f (/srv/app/node_modules/a/b.js:1:2)', 'async g (file:///srv/app/workflows/a.ts:3:4)')).toBe(
    'workflows/a.ts:3',
  )
  expect(at('/srv/app/steps/b.ts:5:6')).toBe('steps/b.ts:5')
  expect(at('f (/elsewhere/a.ts:1:1)', 'run (/srv/app/.orrery/steps-1.mjs:1:1)', 'toError (workflow-bundle.js:4:5601)')).toBeNull()
})
