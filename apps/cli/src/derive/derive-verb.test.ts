/** Goal: commands derived from operations read flags, files and YAML as documented. Uses a fake HTTP server that records requests. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineOperation } from '@orrery/contract'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { EXIT } from '../exit-codes.ts'
import { describeVerb } from '../registry/describe-verb.ts'
import { VERBS } from '../registry/verbs.generated.ts'
import { cliBench } from '../run-cli.fixture.ts'
import { deriveVerb } from './derive-verb.ts'

test('derives for every operation with a verb a command with help, and each of its fields a flag or a position', async () => {
  await using cli = await cliBench()
  expect(VERBS.length).toBeGreaterThan(20)
  for (const { name, verb, fields } of VERBS) {
    const { status, out } = await cli.run([...verb.split(' '), '--help'])
    expect(status, name).toBe(EXIT.ok)
    for (const field of fields) expect(out, `${name} ${field.name}`).toContain(field.positional ? field.name : `--${field.flag}`)
  }
})

test('derives a command from a new operation', () => {
  const operation = defineOperation({
    name: 'comets.name',
    summary: 'Name a comet',
    input: z.strictObject({
      comet: z.string(),
      brightness: z.number().optional(),
      watch: z.boolean().default(false),
      seen: z.array(z.string()).optional(),
    }),
    output: z.object({}),
    problems: [],
    permission: 'public',
    effect: 'write',
    idempotent: true,
    http: { method: 'POST', path: '/comets' },
    cli: { verb: 'comets name', positionals: ['comet'] },
  })
  const root = new Command('orrery')
  const verb = describeVerb(operation)
  if (verb === null) throw new Error('the operation has a command')
  const command = deriveVerb(root, {} as never, verb)
  expect(command.registeredArguments.map((argument) => argument.name())).toEqual(['comet'])
  // A field named like a common flag gets a flag with another name.
  expect(command.options.map(({ long }) => long)).toEqual([
    '--brightness',
    '--input-watch',
    '--seen',
    '--json',
    '--server',
    '--api-key',
    '--org',
  ])
})

test('converts flags to the types of their fields', async () => {
  await using cli = await cliBench()
  writeFileSync(join(cli.folder, 'input.json'), '{"reports":[1,2]}')
  const started = await cli.run(['runs', 'start', 'triage', '--input', '@input.json', '--tags', 'a', '--tags', 'b', '--priority', 'high'])
  expect(started).toMatchObject({ status: EXIT.ok })
  await cli.run(['runs', 'signal', 'run_1', 'go', '--payload', '@-'], undefined, '[1]')
  await cli.run(['limits', 'set', 'triage', 'null'])
  await cli.run(['runs', 'cancel', 'run_1', '--terminate'])
  expect(cli.requests.map(({ body }) => body)).toEqual([
    { workflow: 'triage', input: { reports: [1, 2] }, tags: ['a', 'b'], priority: 'high' },
    { name: 'go', payload: [1] },
    { max: null },
    { terminate: true },
  ])
})

test('reads the input of a PUT from a file, one document for each call, and lets flags replace fields', async () => {
  await using cli = await cliBench(({ line, body }) => ({
    body: { limit: line.slice(line.lastIndexOf('/') + 1), ...(body as object), nested: {} },
  }))
  writeFileSync(join(cli.folder, 'limits.yaml'), 'limit: mail # one a line\nmax: 3\n---\nlimit: model\nmax: null\n---\n# nothing\n')
  const { status, out } = await cli.run(['limits', 'set', '-f', 'limits.yaml'])
  expect(status).toBe(EXIT.ok)
  expect(out).toBe('LIMIT  MAX\nmail   3\nmodel  -\n')
  await cli.run(['limits', 'set', 'other', '--file', '-'], undefined, '{\n\t"max": 1, "limit": "mine"}')
  const { out: json } = await cli.run(['limits', 'set', '-f', '-', '--json'], undefined, '[{"limit":"a","max":1},{"limit":"b","max":2}]')
  expect((JSON.parse(json) as { limit: string }[]).map(({ limit }) => limit)).toEqual(['a', 'b'])
  expect(cli.requests.map(({ line, body }) => [line, body])).toEqual([
    ['PUT /api/v1/limits/mail', { max: 3 }],
    ['PUT /api/v1/limits/model', { max: null }],
    ['PUT /api/v1/limits/other', { max: 1 }],
    ['PUT /api/v1/limits/a', { max: 1 }],
    ['PUT /api/v1/limits/b', { max: 2 }],
  ])
})

test('names the document that was refused, after sending those before it', async () => {
  await using cli = await cliBench(({ line }) =>
    line.endsWith('/bad')
      ? { status: 400, body: { status: 400, code: 'invalid_input', detail: 'No.' } }
      : { body: { limit: 'good', max: 1 } },
  )
  const text = '[{"limit":"good","max":1},{"limit":"bad","max":1},{"limit":"never","max":1}]'
  const { status, out, err } = await cli.run(['limits', 'set', '-f', '-'], undefined, text)
  expect(status).toBe(EXIT.usage)
  expect(out).toContain('good')
  expect(err).toContain('standard input, document 2:\n')
  expect(cli.requests).toHaveLength(2)
})

test.each([
  ['limit: a\n  max: 1', 'limits.yaml: Nested mappings are not allowed'],
  ['- 1', 'limits.yaml: expected an object'],
  ['# nothing', 'limits.yaml: the file contains no document'],
  ['limit: !secret a\nmax: 1', 'limits.yaml: Unresolved tag: !secret'],
  ['limit: a\nlimit: b', 'limits.yaml: Map keys must be unique'],
  ['limit: a\nmax: &m [*m]', 'limits.yaml: max.0: an alias refers to a value that contains it'],
  ['limit: a\nmax: .inf', 'limits.yaml: max: Infinity is not a JSON number'],
  ['limit: a\nmax: 1\n---\nmax: 2', "limits.yaml, document 2: missing required field 'limit'"],
])('refuses a file with %j before anything is sent', async (text, message) => {
  await using cli = await cliBench()
  writeFileSync(join(cli.folder, 'limits.yaml'), text)
  const { status, err } = await cli.run(['limits', 'set', '-f', 'limits.yaml'])
  expect(err).toContain(message)
  expect(status).toBe(EXIT.usage)
  expect(cli.requests).toEqual([])
})

test('ignores a byte order mark', async () => {
  await using cli = await cliBench()
  writeFileSync(join(cli.folder, 'limit.json'), '\ufeff{"limit":"mail","max":3}')
  writeFileSync(join(cli.folder, 'input.json'), '\ufeff{"a":1}')
  await cli.run(['limits', 'set', '-f', 'limit.json'])
  await cli.run(['limits', 'set', '-f', '-'], undefined, '\ufeff{"limit":"mail","max":3}')
  await cli.run(['runs', 'start', 'triage', '--input', '@input.json'])
  expect(cli.requests.map(({ body }) => body)).toEqual([{ max: 3 }, { max: 3 }, { workflow: 'triage', input: { a: 1 } }])
})

test('refuses numbers that would be changed, in JSON and YAML, and names the place', async () => {
  await using cli = await cliBench()
  const big = '9007199254740993'
  writeFileSync(join(cli.folder, 'input.yml'), `ids:\n  - 1\n  - ${big}\n`)
  writeFileSync(join(cli.folder, 'limit.yml'), `limit: mail\nmax: ${big}\n`)
  const refused = [
    [['runs', 'start', 'triage', '--input', `{"ids":[1,${big}]}`], 'ids[1]'],
    [['runs', 'start', 'triage', '--input', '@input.yml'], 'ids.1'],
    [['limits', 'set', '-f', 'limit.yml'], 'max'],
  ] as const
  for (const [words, place] of refused) {
    const { status, err } = await cli.run([...words])
    expect([status, err], place).toEqual([EXIT.usage, expect.stringContaining(`${place}: ${big} is more than a number can keep exactly`)])
  }
  await cli.run(['tools', 'import', 'shop', '--document', `{"openapi":"3.1.0","maximum":${big}}`])
  expect(cli.requests.map(({ body }) => body)).toMatchObject([{ document: { openapi: '3.1.0' } }])
})

test('accepts YAML in the file of a flag', async () => {
  await using cli = await cliBench()
  writeFileSync(join(cli.folder, 'input.yml'), 'reports:\n  - 1\n  - two\n')
  await cli.run(['runs', 'start', 'triage', '--input', '@input.yml'])
  expect(cli.requests[0]?.body).toEqual({ workflow: 'triage', input: { reports: [1, 'two'] } })
})

test('reads a value for a field of text or JSON as text, unless it looks like JSON or names a file', async () => {
  await using cli = await cliBench()
  writeFileSync(join(cli.folder, 'weekly.yaml'), 'include:\n  - kind: cron\n    cron: 0 9 * * 1\n')
  const whole = { include: [{ kind: 'cron', cron: '0 9 * * 1' }] }
  for (const given of ['FREQ=DAILY;BYHOUR=9', '0 9 * * 1', JSON.stringify(whole), '@weekly.yaml', '"@hourly"'])
    await cli.run(['schedules', 'preview', given, '--count', '1'])
  expect(cli.requests.map(({ body }) => (body as { schedule: unknown }).schedule)).toEqual([
    'FREQ=DAILY;BYHOUR=9',
    '0 9 * * 1',
    whole,
    whole,
    '@hourly',
  ])
})

test('reads the nicknames of cron as schedules, and other texts that begin with @ as files', async () => {
  await using cli = await cliBench(() => ({ body: { occurrences: [] } }))
  for (const nickname of ['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually'])
    expect(await cli.run(['schedules', 'preview', nickname])).toMatchObject({ status: EXIT.ok, err: '' })
  expect(cli.requests.map(({ body }) => (body as { schedule: string }).schedule)).toContain('@midnight')
  expect((await cli.run(['schedules', 'preview', '@reboot'])).err).toContain('cannot read reboot')
})

test('takes a text that may be removed without quotes, and null to remove it', async () => {
  await using cli = await cliBench()
  await cli.run(['automations', 'update', 'morning', '--title', 'Good morning', '--timezone', 'null'])
  expect(cli.requests[0]?.body).toEqual({ title: 'Good morning', timezone: null })
})

test('accepts run-now as an alias of automations run-now', async () => {
  await using cli = await cliBench(() => ({ body: { firing: {}, runId: null } }))
  for (const verb of [['run-now'], ['automations', 'run-now']])
    expect((await cli.run([...verb, 'briefing', '--watch'])).status).toBe(EXIT.ok)
  expect(cli.requests.map(({ line }) => line)).toEqual(Array(2).fill('POST /api/v1/automations/briefing/run-now'))
})

test.each([
  [['runs', 'start', 'x', '--input', 'text'], '--input: not JSON'],
  [['runs', 'start', 'x', '--input', '@gone.json'], '--input: cannot read gone.json'],
  [['runs', 'list', '--limit', 'many'], '--limit: expected a number, got "many"'],
  [['limits', 'set'], "missing required argument 'limit'"],
  [['limits', 'set', 'x', '-f', 'gone.yaml'], 'cannot read gone.yaml'],
  [['limits', 'set', 'x', 'some'], '<max>: expected a number or null'],
  [['runs', 'list', '--status', 'lost'], 'Allowed choices are queued'],
  [['runs', 'start'], "missing required argument 'workflow'"],
  [['runs', 'list', '--colour'], "unknown option '--colour'"],
  [['runs', 'lst'], 'Did you mean list?'],
])('refuses %j before anything is sent', async (args, message) => {
  await using cli = await cliBench()
  const { status, err } = await cli.run(args)
  expect(err).toContain(message)
  expect(status).toBe(EXIT.usage)
  expect(cli.requests).toEqual([])
})
