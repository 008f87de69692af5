/** Problems that a check reports, with hand-written schemas for tools and two pipelines of the documentation as fixtures. */
import { readFileSync } from 'node:fs'
import type { Json, PipelineDefinition } from '@orrery/contract'
import { describe, expect, test } from 'vitest'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { briefingTools } from '../fixtures/briefing.ts'
import { type CallSchemas, type CheckOptions, checkPipeline } from './check-pipeline.ts'
import { parsePipeline } from './parse-pipeline.ts'

const fixture = (name: string): Json => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))

function parse(raw: unknown): PipelineDefinition {
  const parsed = parsePipeline(raw)
  if (!parsed.ok) throw new Error(parsed.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'))
  return parsed.pipeline
}

const schemas: ReadonlyMap<string, CallSchemas> = new Map<string, CallSchemas>([
  ['any', {}],
  [
    'mail.send',
    {
      inputSchema: {
        type: 'object',
        properties: {
          to: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 3 },
          subject: { type: 'string', maxLength: 20 },
          priority: { enum: ['low', 'high'] },
          count: { type: 'integer', minimum: 1, exclusiveMaximum: 10 },
          ratio: { type: 'number', multipleOf: 0.1 },
          body: { $ref: '#/$defs/body' },
          when: { anyOf: [{ type: 'string' }, { type: 'null' }] },
          note: { type: 'string', nullable: true },
        },
        required: ['to'],
        additionalProperties: false,
        $defs: {
          body: {
            oneOf: [
              { type: 'object', properties: { html: { type: 'string' } }, required: ['html'] },
              { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
            ],
          },
        },
      },
      outputSchema: {
        type: 'object',
        properties: { id: { type: 'string' }, accepted: { type: 'array', items: { type: 'string' } } },
        additionalProperties: false,
      },
    },
  ],
  [
    'crm.find',
    {
      inputSchema: { type: 'object' },
      outputSchema: {
        type: 'object',
        properties: {
          clients: {
            type: 'array',
            items: {
              type: 'object',
              properties: { name: { type: 'string' }, age: { type: 'integer' }, level: { enum: ['high', 'low'] } },
              additionalProperties: false,
            },
          },
          total: { type: 'integer' },
          next: { anyOf: [{ type: 'string' }, { type: 'null' }] },
          pair: {
            type: 'array',
            prefixItems: [{ type: 'object', properties: { name: { type: 'string' } }, additionalProperties: false }],
            items: { type: 'number' },
          },
          tree: { $ref: '#/$defs/node' },
        },
        $defs: {
          node: {
            type: 'object',
            properties: { children: { type: 'array', items: { $ref: '#/$defs/node' } }, label: { type: 'string' } },
            additionalProperties: false,
          },
        },
      },
    },
  ],
])

const find = { id: 'find', uses: 'crm.find', save_as: 'found' }
const check = (raw: unknown, options?: CheckOptions, tools = schemas): string[] =>
  checkPipeline(parse(raw), tools, options).map(
    ({ severity, step, path, message }) => `${severity === 'error' ? '' : 'warning '}${step} ${path}: ${message}`,
  )
/** Checks a mail that is sent after the clients were found. */
const checkMail = (args: object): string[] => check([find, { id: 'send', uses: 'mail.send', with: { to: ['a'], ...args } }])
const checkRead = (text: string): string[] => check([find, { id: 'read', uses: 'any', with: { x: text } }])

describe('documented pipelines have no problems', () => {
  test('accepts the daily briefing with the schemas of its tools', () => {
    const { pipeline } = fixture('daily-briefing.json') as { pipeline: Json }
    expect(check(pipeline, {}, briefingTools)).toEqual([])
  })

  test('accepts the adaptive follow-up', () => {
    const tools = new Map<string, CallSchemas>([
      ['mail.triage', { outputSchema: { type: 'object', properties: { level: { enum: ['low', 'high'] } } } }],
      ['imap.fetch', { outputSchema: { type: 'object', properties: { client_id: { type: 'string' } } } }],
      [
        'orchestrator.schedule_task',
        {
          inputSchema: {
            type: 'object',
            properties: { delay_hours: { type: 'number' }, task: { type: 'string' }, params: { type: 'object' } },
            required: ['delay_hours', 'task'],
          },
        },
      ],
    ])
    const before = [
      { id: 'fetch', uses: 'imap.fetch', save_as: 'email' },
      { id: 'triage', uses: 'mail.triage', save_as: 'email_priority' },
    ]
    expect(check([...before, fixture('adaptive-follow-up.step.json')], {}, tools)).toEqual([])
  })
})

describe('the daily briefing with one mistake', () => {
  const { pipeline } = fixture('daily-briefing.json') as { pipeline: Json }
  const spoil = (from: string, to: string): string[] => check(JSON.parse(JSON.stringify(pipeline).replace(from, to)), {}, briefingTools)
  test.each([
    ['"lookback_days":1', '"lookback_days":"1"', 'gather_metrics pipeline[0].with.lookback_days: expected a number, not a text'],
    ['"lookback_days":1', '"lookback_days":0.5', 'gather_metrics pipeline[0].with.lookback_days: expected a whole number'],
    ['"lookback_days":1', '"lookback_days":365', 'gather_metrics pipeline[0].with.lookback_days: expected at most 90'],
    ['"lookback_days":1,', '', 'gather_metrics pipeline[0].with.lookback_days: missing; it is required'],
    [
      'lookback_days',
      'lookback_day',
      'gather_metrics pipeline[0].with.lookback_day: there is no such argument; did you mean lookback_days?',
    ],
    ['llm.analyze', 'llm.analyse', 'analyze_trends pipeline[1].uses: there is no tool called llm.analyse; did you mean llm.analyze?'],
    [
      '${steps.metrics}',
      '${steps.metrix}',
      'analyze_trends pipeline[1].with.data: ${steps.metrix}: no step saves metrix; did you mean metrics?',
    ],
    [
      '${steps.metrics}',
      '${steps.gather_metrics}',
      '${steps.gather_metrics}: the step gather_metrics saves its value as metrics: steps.metrics',
    ],
    ['${steps.metrics}', '${steps.briefing}', '${steps.briefing}: steps.briefing is saved by generate_briefing, which comes later'],
    ['${steps.metrics}', '${steps.analysis}', '${steps.analysis}: steps.analysis is the result of this step itself'],
    ['${steps.metrics}', '${steps.metrics.revenue}', 'analyze_trends pipeline[1].with.data: expected an object, but this is a number'],
    ['${steps.metrics}', 'see ${steps.metrics}', 'analyze_trends pipeline[1].with.data: expected an object, but this is a text'],
    [
      '${steps.metrics}',
      '${steps.metrics.revenu}',
      '${steps.metrics.revenu}: there is no revenu; did you mean revenue? (revenue, costs, regions)',
    ],
    [
      '${steps.briefing.summary}',
      '${steps.briefing.summary.text}',
      '${steps.briefing.summary.text}: text is read from a text, which has no members',
    ],
    ['"executive_briefing"', '"briefing"', 'generate_briefing pipeline[2].with.format: expected "executive_briefing" or "memo"'],
    [
      '"executive_briefing"',
      "\"${if(steps.analysis.mood == 'fine', 'memo', 'note')}\"",
      "warning generate_briefing pipeline[2].with.format: ${if(steps.analysis.mood == 'fine'",
    ],
    ['${date}', '${dat}', 'deliver_briefing pipeline[3].with.subject: ${dat}: there is nothing called dat; did you mean date?'],
    ['["cto@company.com","ceo@company.com"]', '[]', 'deliver_briefing pipeline[3].with.recipients: expected at least 1 elements'],
    ['"cto@company.com"', '7', 'deliver_briefing pipeline[3].with.recipients[0]: expected a text, not a number'],
  ])('reports %s replaced by %s', (from, to, expected) => {
    expect(JSON.stringify(pipeline)).toContain(from)
    expect(spoil(from, to).join('\n')).toContain(expected)
  })
})

describe('arguments of a call', () => {
  test.each<[object, string[]]>([
    [{ subject: 'ok', priority: 'high', count: 3, ratio: 0.3, body: { text: 'x' }, when: null, note: null }, []],
    [{ to: ['${steps.found.clients[0].name}', 'b'], count: '${steps.found.total}', when: '${steps.found.next}' }, []],
    [{ to: '${steps.found.clients[*].name}' }, []],
    [
      { to: '${steps.found.clients[*].age}' },
      ['send pipeline[1].with.to: expected a list (each a text), but this is a list (each a number)'],
    ],
    [{ to: '${steps.found.clients}' }, ['send pipeline[1].with.to: expected a list (each a text), but this is a list (each an object)']],
    [{ priority: '${steps.found.clients[0].level}' }, []],
    [{ priority: "${if(steps.found.total > 3, 'high', 'low')}" }, []],
    [{ priority: "${if(steps.found.total > 3, 'urgent', 'normal')}" }, ['send pipeline[1].with.priority: expected "low" or "high"']],
    [{ count: '${steps.found.total / 2}' }, []],
    [{ count: '${1.5}' }, ['send pipeline[1].with.count: this value does not match what is allowed here']],
    [{ count: '${date}' }, ['send pipeline[1].with.count: expected a number, but this is a text']],
    [{ count: '${params.n}' }, []],
    [{ count: 10 }, ['send pipeline[1].with.count: expected less than 10']],
    [{ ratio: 0.25 }, ['send pipeline[1].with.ratio: expected a multiple of 0.1']],
    [{ to: ['a', 'b', 'c', 'd'] }, ['send pipeline[1].with.to: expected at most 3 elements']],
    [{ subject: 'x'.repeat(21) }, ['send pipeline[1].with.subject: expected at most 20 characters']],
    [{ subject: '${params.subject}'.repeat(3) }, []],
    [{ body: { html: 1 } }, ['send pipeline[1].with.body.html: expected a text, not a number']],
    [{ body: { markdown: 'x' } }, ['send pipeline[1].with.body.html: missing; it is required']],
    [{ body: '${steps.found}' }, []],
    [{ when: 3 }, ['send pipeline[1].with.when: it matches none of the forms that are allowed here']],
    [{ bcc: 'x' }, ['send pipeline[1].with.bcc: there is no such argument']],
  ])('checks %j', (args, expected) => {
    expect(checkMail(args)).toEqual(expected)
  })
})

describe('types of expressions', () => {
  test.each([
    ['${steps.found.clients[?age > 30].name}', []],
    ["${steps.found.clients[?level == 'hihg'].name}", ['warning == is always false: "high" or "low" is never "hihg"']],
    ['${steps.found.clients[?agee > 30]}', ['there is no agee; did you mean age? (name, age, level)']],
    ['${steps.found.clients[?name > 30]}', ['> compares two numbers or two texts, not a text and a number']],
    [
      '${steps.found.clients[?name == params.name]}',
      ["in brackets and after &, names refer to the element; write $.params (or @.params for the element's own)"],
    ],
    ['${steps.found.clients[?name == $.params.name]}', []],
    ['${sort_by(steps.found.clients, &aeg)}', ['there is no aeg; did you mean age? (name, age, level)']],
    ['${steps.found.clients.name}', ['name is read from a list, which has no members']],
    ['${steps.found.total[0]}', ['[0] takes a list, not a number']],
    ['${length(steps.found.total)}', ['length() takes a text or a list or an object, not a number']],
    ['${sum(steps.found.clients[*].name)}', ['sum() takes a list, each a number, not a text']],
    ["${steps.found.total + 'x'}", ['+ takes two numbers, or a time and a duration, not a number and a text']],
    ['${steps.found.tree.children[0].children[0].label}', []],
    ['${steps.found.tree.children[0].children[0].lable}', ['there is no lable; did you mean label? (children, label)']],
    [
      '${steps.found.clinets}',
      ['warning clinets is not one of the declared members; did you mean clients? (clients, total, next, pair, tree)'],
    ],
    ['${steps.found.next.x}', ['x is read from null or a text, which has no members']],
    ['${steps.found.clients[0] | name}', []],
    ['${max_by(steps.found.clients, &age).name}', []],
    ['${steps.found.pair[0].name}', []],
    ['${steps.found.pair[0].nam}', ['there is no nam; did you mean name? (name)']],
    ["${default(steps.found.next, 'none')}", []],
    ['${{a: steps.found.total}.b}', ['there is no b (a)']],
    ['${$.steps.found.total}', []],
    ['${params.x.y.z}', []],
    ['${event.type} ${run.id}', []],
    ['${item}', ["there is nothing called item (write a text in single quotes: 'item')"]],
    ['${error}', ["there is nothing called error (write a text in single quotes: 'error')"]],
    ['a ${null}', ['is always null']],
  ] as [string, string[]][])('checks %s', (text, expected) => {
    const found = checkRead(text)
    expect(found).toHaveLength(expected.length)
    for (const [at, message] of expected.entries()) {
      expect(found[at]?.startsWith('warning')).toBe(message.startsWith('warning'))
      expect(found[at]).toContain(message.replace('warning ', ''))
    }
  })

  test('checks conditions', () => {
    expect(check([find, { id: 'a', uses: 'any', if: 'steps.found.total > "5"' }])).toEqual([
      'a pipeline[1].if: ${steps.found.total > "5"}: there is nothing called 5 (write a text in single quotes: \'5\')',
    ])
  })
})

describe('results of other steps', () => {
  const read = (id: string, name: string) => ({ id, uses: 'any', with: { x: `\${steps.${name}}` } })
  const save = (id: string, more: object = {}) => ({ id, uses: 'any', save_as: id, ...more })

  test('later steps see what all branches saved, other branches do not', () => {
    expect(check([{ id: 'p', parallel: [save('a'), [save('b'), read('r', 'b')]] }, read('after', 'a')])).toEqual([])
    expect(check([{ id: 'p', parallel: [save('a'), read('r', 'a')] }])[0]).toContain(
      'r pipeline[0].parallel[1].with.x: ${steps.a}: steps.a is saved by a, which runs beside this step',
    )
    expect(check([{ id: 'p', parallel: [read('r', 'a'), save('a')] }])[0]).toContain('which runs beside this step')
    expect(check([{ id: 'p', parallel: [save('a'), save('b', { save_as: 'a' })] }])[0]).toContain(
      'two branches save a, and either branch may finish last',
    )
  })

  test('results saved in a round stay there, and the for_each returns a list', () => {
    const each = (more: object = {}) => ({
      id: 'each',
      for_each: '${steps.found.clients}',
      do: [save('one', { with: { x: '${item.name} ${index}' } })],
      ...more,
    })
    expect(check([find, each({ save_as: 'all' }), read('r', 'all[0]')])).toEqual([])
    expect(check([find, each(), read('r', 'one')])[0]).toContain(
      'steps.one is saved by one, and visible only inside its own round or on_error',
    )
    expect(check([find, each({ as: 'client' })])[0]).toContain('there is nothing called item')
    expect(check([find, each({ do: [save('one', { with: { x: '${item.nam}' } })] })])[0]).toContain('there is no nam; did you mean name?')
    expect(check([find, { ...each(), for_each: '${steps.found.total}' }])).toContain(
      'each pipeline[1].for_each: expected a list, not a number',
    )
    const mails = { id: 'm', for_each: [1, 2], do: [{ id: 'send', uses: 'mail.send', with: { to: ['${item}'] } }] }
    expect(check([mails])).toEqual(['send pipeline[0].do[0].with.to[0]: expected a text, but this is a number'])
  })

  test('what the steps of on_error saved can be read later with a doubt, unless the run fails after them', () => {
    const handled = (after: string) => save('a', { save_as: undefined, on_error: { steps: [save('h')], after } })
    expect(check([handled('continue'), read('r', 'h?')])).toEqual([])
    expect(check([handled('continue'), read('r', 'h')])[0]).toContain('the step a saves it only when it fails')
    expect(check([handled('fail'), read('r', 'h')])[0]).toContain('steps.h is saved by h, and visible only inside its own round')
  })

  test('on_error sees the error, and its last result can replace that of the step', () => {
    const handled = (after: string) => save('a', { on_error: { steps: [save('h', { with: { x: '${error.message}' } })], after } })
    expect(check([handled('continue'), read('r', 'a')])).toEqual([])
    expect(check([handled('fail'), read('r', 'h')])[0]).toContain('only inside its own round or on_error')
    expect(check([save('a', { on_error: { steps: [read('h', 'a')] } })])[0]).toContain('steps.a is')
  })

  test('warns of a value that may be missing, unless the expression handles that', () => {
    const maybe = save('a', { if: 'params.x' })
    expect(check([maybe, read('r', 'a.b')])).toEqual([
      'warning r pipeline[1].with.x: ${steps.a.b}: it may be missing: the step a has an if; end it with ? or write default(…) if this step is to run anyway',
    ])
    expect(check([maybe, read('r', 'a.b?')])).toEqual([])
    expect(check([maybe, { id: 'r', uses: 'any', with: { x: "${default(steps.a.b, 'x')}" } }])).toEqual([])
    expect(check([maybe, { id: 'r', uses: 'any', if: 'steps.a.b' }])).toEqual([])
    expect(check([save('a', { on_error: 'continue' }), read('r', 'a')])[0]).toContain('the step a may fail without failing the run')
    expect(check([{ id: 'p', if: 'params.x', parallel: [save('a')] }, read('r', 'a')])[0]).toContain('the step p has an if')
    const either = [save('a', { if: 'params.x', save_as: 'v' }), save('b', { if: '!params.x', save_as: 'v' })]
    expect(check([...either, save('c', { save_as: 'v' }), read('r', 'v')])).toEqual([])
  })

  test('explains names with dashes and steps that save nothing', () => {
    expect(check([save('a', { save_as: 'my-data' }), read('r', 'my-data')]).join()).toContain(
      'a name with a dash is written steps."my-data"',
    )
    expect(check([save('a', { save_as: 'my-data' }), read('r', '"my-data"')])).toEqual([])
    expect(check([{ id: 'a', uses: 'any' }, read('r', 'a')]).join()).toContain('the step a has no save_as, so its result is not kept')
  })
})

describe('params, other pipelines, names', () => {
  test('checks params against their schema', () => {
    const params_schema = { type: 'object', properties: { limit: { type: 'integer' } }, additionalProperties: false }
    const steps = [{ id: 'a', uses: 'any', with: { x: '${params.limit}', y: '${params.limt}' } }]
    expect(check({ params_schema, params: { limit: 'x' }, pipeline: steps })).toEqual([
      'null params.limit: expected a number, not a text',
      'a pipeline[0].with.y: ${params.limt}: there is no limt; did you mean limit? (limit)',
    ])
    expect(check({ params: { limit: 1 }, pipeline: steps })).toEqual([
      'warning a pipeline[0].with.y: ${params.limt}: limt is not one of the declared members; did you mean limit? (limit)',
    ])
  })

  test('accepts a missing param that a start must supply', () => {
    const params_schema = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'integer' } }, required: ['a', 'b'] }
    const pipeline = [{ id: 'a', uses: 'any', with: { x: '${params.b}' } }]
    expect(check({ params_schema, params: { a: 1 }, pipeline })).toEqual([])
    expect(check({ params_schema, params: { a: 'x' }, pipeline })).toEqual(['null params.a: expected a number, not a text'])
  })

  test('checks the params of calls to other pipelines', () => {
    const pipelines = new Map<string, CallSchemas>([
      [
        'clean-up',
        {
          inputSchema: { type: 'object', required: ['days'] },
          outputSchema: { type: 'object', properties: { gone: { type: 'number' } }, additionalProperties: false },
        },
      ],
    ])
    const call = (pipeline: string, args: object) => [
      { id: 'c', pipeline, with: args, save_as: 'c' },
      { id: 'r', uses: 'any', with: { x: '${steps.c.gonne}' } },
    ]
    expect(check(call('cleanup', {}))).toEqual([])
    expect(check(call('cleanup', {}), { pipelines })).toEqual([
      'c pipeline[0].pipeline: there is no pipeline called cleanup; did you mean clean-up?',
    ])
    expect(check(call('clean-up', {}), { pipelines })).toEqual([
      'c pipeline[0].with.days: missing; it is required',
      'r pipeline[1].with.x: ${steps.c.gonne}: there is no gonne; did you mean gone? (gone)',
    ])
  })

  test('checks further names against their schemas', () => {
    const names = { event: { type: 'object', properties: { type: { type: 'string' } }, additionalProperties: false } }
    expect(check([{ id: 'a', uses: 'any', with: { x: '${event.typ}' } }], { names })[0]).toContain('there is no typ; did you mean type?')
    expect(check([{ id: 'a', uses: 'any', with: { x: '${run.id}' } }], { names })[0]).toContain('there is nothing called run')
  })

  test('warns of an empty pipeline', () => {
    expect(check([])).toEqual(['warning null pipeline: There are no steps'])
  })
})

test('reports the first 50 of many mistakes, and suggests names for few of them', () => {
  const name = (at: number) => `n${at}`.padEnd(60, 'x')
  const wrong = (what: string) => Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [name(at), `\${${what}.${name(at)}yy}`]))
  const properties = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [name(at), {}]))
  const closed = { type: 'object', properties, additionalProperties: false }
  const tools = new Map<string, CallSchemas>([['tool', { inputSchema: { ...closed, properties: { ...properties, [name(0)]: true } } }]])
  const checkAll = () => [
    check({ params_schema: closed, pipeline: [{ id: 'a', uses: 'tool', with: wrong('params') }] }, {}, tools),
    check({ params: properties, pipeline: [{ id: 'a', uses: 'tool', with: wrong('params') }] }, {}, tools),
    check([{ id: 'a', uses: 'tool', with: Object.fromEntries(Object.keys(properties).map((key) => [`${key}yy`, 1])) }], {}, tools),
  ]
  expect(cpuMs(checkAll)).toBeLessThan(20_000)
  for (const list of checkAll()) {
    expect(list).toHaveLength(50)
    expect(list[0]).toContain('did you mean n0xxx')
  }
})

test('stops following schemas that refer to each other without end', () => {
  const $defs: { [name: string]: Json } = { d40: { type: 'string' } }
  for (let at = 0; at < 40; at += 1) $defs[`d${at}`] = { anyOf: Array.from({ length: 5 }, () => ({ $ref: `#/$defs/d${at + 1}` })) }
  const loop = { $ref: '#/$defs/loop' }
  const schema: Json = {
    type: 'object',
    properties: { a: { $ref: '#/$defs/d0' }, b: loop },
    $defs: { ...$defs, loop: { anyOf: [loop, { allOf: [loop, loop] }] } },
  }
  const tools = new Map([['bad', { inputSchema: schema, outputSchema: schema }]])
  const pipeline = parse([
    { id: 'x', uses: 'bad', save_as: 'x', with: { a: 1, b: 1 } },
    { id: 'y', uses: 'bad', with: { a: '${steps.x.a}', b: '${steps.x.b.c[0].d}' } },
  ])
  expect(cpuMs(() => checkPipeline(pipeline, tools))).toBeLessThan(10_000)
})
