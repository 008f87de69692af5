import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliBench } from '../run-cli.fixture.ts'

const RUN = 'run_01m8pwqmjpfq183t0g63xx702p'
const longAgo = '2026-01-02T03:04:05.678Z'

async function print(args: readonly string[], body: unknown, status = 200) {
  await using bench = await cliBench(() => ({ status, body }))
  return await bench.run(args)
}

const historyRow = { seq: 1, cmd: 1, kind: 'step', name: 'read-clock', attempt: 1, input: null, output: longAgo, error: null, at: longAgo }

test('shows what belongs to the user as it is, also if it looks like a time or an id of Orrery', async () => {
  for (const output of [longAgo, RUN]) {
    const { out } = await print(['runs', 'history', RUN], { items: [{ ...historyRow, output }], nextCursor: null })
    expect(out).toContain(output)
  }
  const result = await print(['runs', 'result', RUN], { runId: RUN, done: true, status: 'succeeded', output: longAgo, error: null })
  expect(result.out).toContain(`output  ${longAgo}\n`)
})

test('shows an empty value that belongs to the user', async () => {
  for (const output of [{}, [], '']) {
    const whole = { ...run, input: output, output, error: null, scopes: [] }
    const { out } = await print(['runs', 'get', RUN], whole)
    expect(out.match(/^(input|output) .*$/gm)).toEqual([`input       ${show(output)}`, `output      ${show(output)}`])
    expect(out).not.toContain('scopes')
  }
  const { out } = await print(['runs', 'history', RUN], { items: [{ ...historyRow, input: [], output: ['a, b'] }], nextCursor: null })
  expect(out.split('\n').map((line) => line.trim().split(/ {2,}/).slice(-2))).toEqual([['INPUT', 'CMD'], ['[]', '1'], ['']])
  expect(out).toContain('["a, b"]')
})

const show = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

test('shows a dash for a day without open hours', async () => {
  const day = { date: '2026-12-24', weekday: 'thu', open: [], name: 'Closed', isHoliday: true }
  const { out } = await print(['calendars', 'days', 'team', '--from', '2026-12-24'], {
    days: [day, { ...day, open: ['09:00-12:00'] }],
    zone: 'UTC',
  })
  expect(out).toMatch(/thu +- +Closed/)
})

test('shows no time as the output of a failed attempt', async () => {
  const row = { ...historyRow, kind: 'attempt', error: { name: 'Error', message: 'no' } }
  const { out } = await print(['runs', 'history', RUN], { items: [row], nextCursor: null })
  expect(out).toContain('Error: no')
  expect(out).not.toContain('OUTPUT')
})

const run = { id: RUN, automation: null, pipeline: null, status: 'succeeded', createdAt: longAgo, finishedAt: longAgo, tags: [] }

test('lists runs of pipelines by the name of the pipeline, in one column', async () => {
  const items = [
    { ...run, workflow: 'greet' },
    { ...run, workflow: 'orrery.pipeline', pipeline: 'briefing' },
    { ...run, workflow: 'orrery.pipeline', automation: 'morning-check', tags: ['aut_01m8pwvekhfg3rkxzffvmtp4t0'] },
  ]
  const { out } = await print(['runs', 'list'], { items, nextCursor: null })
  expect(out).not.toContain('orrery.pipeline')
  expect(out).not.toMatch(/PIPELINE/)
  expect(out.split('\n').map((line) => line.trim().split(/ {2,}/)[1])).toEqual(['WORKFLOW', 'greet', 'briefing', 'pipeline', undefined])
  // Every run of an automation has its id as a tag.
  expect(out).not.toContain('TAGS')
  const json = await print(['runs', 'list', '--json'], { items, nextCursor: null })
  expect(JSON.parse(json.out)).toEqual({ items, nextCursor: null })
})

test('prints warnings whole, below the table', async () => {
  const warnings = [
    'pipeline[0].with.connection: There is no connection mail',
    `pipeline: ${'email.send needs the scope mail:send; '.repeat(5)}`,
  ]
  const item = { name: 'briefing', outcome: 'created', status: 'active', nextAt: null, title: 'Briefing', version: 1, warnings }
  const { out, err } = await print(['automations', 'create', '--title', 'Briefing'], { ...item })
  expect(out).toContain(warnings[0])
  expect(err).toBe('')
  const list = await print(['automations', 'list'], { items: [item], nextCursor: null })
  expect(list.out).not.toContain('WARNINGS')
  for (const warning of warnings) expect(list.err).toContain(`warning: briefing: ${warning}\n`)
})

test('says once what is wrong with the only field', async () => {
  const problem = { type: '/docs/problems/invalid_input', title: 'The input is not valid', status: 400, code: 'invalid_input' }
  const errors = [{ path: 'topic', message: 'Expected a word' }]
  const { err, status } = await print(['events', 'emit', 'x'], { ...problem, detail: 'topic: Expected a word', errors }, 400)
  expect({ err, status }).toEqual({ err: 'error: topic: Expected a word (invalid_input)\n', status: 2 })
})

test('says once what was expected', async () => {
  const problem = { type: '/docs/problems/invalid_input', title: 'The input is not valid', status: 400, code: 'invalid_input' }
  const errors = [
    { path: 'topic', message: 'Expected a text, got a number', expected: 'string' },
    { path: 'x', message: 'Unknown field', expected: 'no such field' },
    { path: 'id', message: '9007199254740993 is more than a number can keep exactly', expected: 'a text of the digits' },
  ]
  const one = await print(['events', 'emit', 'x'], { ...problem, detail: `topic: ${errors[0]?.message}`, errors: errors.slice(0, 1) }, 400)
  expect(one.err).toBe('error: topic: Expected a text, got a number (invalid_input)\n')
  const all = await print(['events', 'emit', 'x'], { ...problem, detail: 'No.', errors }, 400)
  expect(all.err.split('\n').slice(1)).toEqual([
    '  topic: Expected a text, got a number',
    '  x: Unknown field',
    '  id: 9007199254740993 is more than a number can keep exactly (expected a text of the digits)',
    '',
  ])
})

test('says where the whole of a long result is', async () => {
  const output = 'x'.repeat(600)
  const result = { runId: RUN, done: true, status: 'succeeded', output, error: null, finishedAt: longAgo }
  await using bench = await cliBench(({ line }) => ({
    body: line.includes('/result')
      ? result
      : line.includes('/history')
        ? { items: [], nextCursor: null }
        : line.startsWith('POST')
          ? { runId: RUN }
          : { ...run, workflow: 'greet' },
  }))
  const { out } = await bench.run(['runs', 'start', 'greet', '--wait'], { ORRERY_URL: bench.url, ORRERY_KEY: 'k', npm_command: 'exec' })
  expect(out).toContain(`… +122 characters, all of them: npx orrery runs result ${RUN} --json\n`)
})

test('names commands that can be typed in what is wrong with this machine', async () => {
  await using bench = await cliBench()
  mkdirSync(join(bench.folder, '.orrery'))
  writeFileSync(join(bench.folder, '.orrery/connection.json'), '{', { mode: 0o600 })
  const { err } = await bench.run(['runs', 'list'], { npm_command: 'exec' })
  expect(err).toContain('run "npx orrery login" or "npx orrery dev" again')
})

test('does not call JSON with a number that is too large no JSON', async () => {
  const { err, status } = await print(['runs', 'start', 'greet', '--input', '{"id":12345678901234567890}'], {})
  expect(status).toBe(2)
  expect(err).toMatch(
    /^error: --input: id: 12345678901234567890 is more than a number can keep exactly; expected .* a text of the digits\n$/,
  )
  expect((await print(['runs', 'start', 'greet', '--input', 'hello'], {})).err).toContain('--input: not JSON: ')
})

const occurrence = {
  at: longAgo,
  local: '2026-01-02T03:04:05+00:00',
  weekday: 'fri',
  clocks: null,
  viewerWeekday: 'fri',
  viewerClocks: null,
}

test('shows the time of the viewer in a preview only if it is another, and the jitter only if there is one', async () => {
  const same = { ...occurrence, viewerLocal: occurrence.local, firesAt: longAgo, triggerKey: 'schedule' }
  const preview = async (row: object) => (await print(['automations', 'preview', 'x'], { occurrences: [row], warnings: [] })).out
  expect((await preview(same)).split('\n')[0]?.split(/ {2,}/)).toEqual(['AT', 'LOCAL', 'WEEKDAY', 'TRIGGER KEY'])
  expect(await preview({ ...same, viewerLocal: '2026-01-02T04:04:05+01:00' })).toContain('VIEWER LOCAL')
  expect(await preview({ ...same, firesAt: '2026-01-02T03:05:05.678Z' })).toContain('FIRES AT')
})

test('names commands as the user can type them: with npx where npm started this one', async () => {
  const body = {
    type: '/docs/problems/workflow.not_found',
    title: 'No such workflow',
    status: 404,
    code: 'workflow.not_found',
    detail: 'No.',
  }
  await using bench = await cliBench(() => ({ status: 404, body }))
  const env = { ORRERY_URL: bench.url, ORRERY_KEY: 'test-key' }
  const args = ['runs', 'start', 'nope']
  expect((await bench.run(args, env)).err).toContain('List them with `orrery workflows list`')
  expect((await bench.run(args, { ...env, npm_command: 'exec' })).err).toContain('List them with `npx orrery workflows list`')
  const away = await bench.run(args, { ORRERY_URL: 'http://127.0.0.1:1', ORRERY_KEY: 'k', npm_command: 'exec' })
  expect(away.err).toContain('Start one with "npx orrery dev"')
})

test('explains a run in a sentence with commands that can be typed, and leaves out what is empty', async () => {
  const summary = 'The run has ended: failed. Fix the cause and repeat the run from there: orrery runs retry run_1.'
  const error = { name: 'Error', message: 'no', stack: 'Error: no\n    at a (flows/a.ts:3:9)' }
  const body = { runId: RUN, state: 'gone', summary, waits: [], facts: { failed: 'a', error, next: 'x' } }
  const { out } = await print(['why', RUN], body)
  expect(out).toContain('orrery runs retry')
  expect(out).toContain('at a (flows/a.ts:3:9)')
  expect(out).not.toMatch(/waits|facts|next/)
  expect(JSON.parse((await print(['why', RUN, '--json'], body)).out)).toEqual(body)
  expect((await print(['why', RUN], { ...body, facts: {} })).out).not.toContain('facts')
  const waiting = {
    runId: RUN,
    state: 'waiting',
    waits: [{ type: 'signal', name: 'go', until: null }],
    summary: 'It waits.',
    facts: { rows: 1 },
  }
  expect((await print(['why', RUN], waiting)).out.match(/^\w+/gm)).toEqual(['runId', 'state', 'summary', 'waits', 'facts'])
})
