import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineOperation, listOperations } from '@orrery/contract'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { EXIT } from '../exit-codes.ts'
import { cliBench } from '../run-cli.fixture.ts'
import { deriveVerb } from './derive-verb.ts'
import { fieldsOf } from './field.ts'

test('every operation with a verb has a command with help, and every field of it a flag or a place', async () => {
  await using cli = await cliBench()
  const verbs = listOperations().filter((operation) => operation.cli !== undefined)
  expect(verbs.length).toBeGreaterThan(20)
  for (const operation of verbs) {
    const { status, out } = await cli.run([...(operation.cli?.verb.split(' ') ?? []), '--help'])
    expect(status, operation.name).toBe(EXIT.ok)
    for (const field of fieldsOf(operation))
      expect(out, `${operation.name} ${field.name}`).toContain(field.positional ? field.name : `--${field.flag}`)
  }
})

test('an operation that nobody has heard of becomes a command', () => {
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
  const command = deriveVerb(root, {} as never, operation)
  expect(command?.registeredArguments.map((argument) => argument.name())).toEqual(['comet'])
  // A field named like a flag of ours keeps its meaning under another name.
  expect(command?.options.map(({ long }) => long)).toEqual(['--brightness', '--input-watch', '--seen', '--json', '--server', '--api-key'])
})

test('flags become fields of their kind', async () => {
  await using cli = await cliBench()
  writeFileSync(join(cli.folder, 'input.json'), '{"reports":[1,2]}')
  const started = await cli.run(['runs', 'start', 'triage', '--input', '@input.json', '--tags', 'a', '--tags', 'b', '--priority', 'high'])
  expect(started).toMatchObject({ status: EXIT.ok })
  await cli.run(['runs', 'signal', 'run_1', 'go', '--payload', '@-'], undefined, '[1]')
  await cli.run(['limits', 'set', 'triage', 'null'])
  await cli.run(['runs', 'cancel', 'run_1', '--terminate'])
  expect(cli.heard.map(({ body }) => body)).toEqual([
    { workflow: 'triage', input: { reports: [1, 2] }, tags: ['a', 'b'], priority: 'high' },
    { name: 'go', payload: [1] },
    { max: null },
    { terminate: true },
  ])
})

test.each([
  [['runs', 'start', 'x', '--input', 'text'], '--input: not JSON'],
  [['runs', 'start', 'x', '--input', '@gone.json'], '--input: cannot read gone.json'],
  [['runs', 'list', '--limit', 'many'], '--limit: expected a number, got "many"'],
  [['limits', 'set', 'x', 'some'], '<max>: expected a number or null'],
  [['runs', 'list', '--status', 'lost'], 'Allowed choices are queued'],
  [['runs', 'start'], "missing required argument 'workflow'"],
  [['runs', 'list', '--colour'], "unknown option '--colour'"],
  [['runs', 'lst'], 'Did you mean list?'],
])('%j is refused before anything is sent', async (args, message) => {
  await using cli = await cliBench()
  const { status, err } = await cli.run(args)
  expect(err).toContain(message)
  expect(status).toBe(EXIT.usage)
  expect(cli.heard).toEqual([])
})
