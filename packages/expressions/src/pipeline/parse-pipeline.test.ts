/** Documented and hostile pipelines as JSON, and the problem that each mistake is reported as. */
import { readFileSync } from 'node:fs'
import { pipelineDefinition } from '@orrery/contract'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { cpuMs } from '../../../../tests/support/cpu-ms.ts'
import { parsePipeline } from './parse-pipeline.ts'
import { listSteps, listTools } from './pipeline-steps.ts'

const fixture = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))
const problems = (raw: unknown): string[] => {
  const parsed = parsePipeline(raw)
  return parsed.ok ? [] : parsed.problems.map(({ step, path, message }) => `${step} ${path}: ${message}`)
}
const tool = (id: string, more: object = {}) => ({ id, uses: 'echo', ...more })

describe('documented pipelines parse', () => {
  test('parses the daily briefing, with or without its envelope', () => {
    const { pipeline } = fixture('daily-briefing.json') as { pipeline: unknown[] }
    const parsed = parsePipeline({ pipeline })
    expect(parsed).toEqual({ ok: true, pipeline: { pipeline } })
    expect(parsePipeline(pipeline)).toEqual(parsed)
    expect(parsed.ok && listTools(parsed.pipeline)).toEqual([
      'analytics.business_metrics',
      'llm.analyze',
      'llm.executive_summary',
      'communication.send_executive_summary',
    ])
  })

  test('parses the adaptive follow-up', () => {
    const before = [tool('a', { save_as: 'email_priority' }), tool('b', { save_as: 'email' })]
    expect(problems([...before, fixture('adaptive-follow-up.step.json')])).toEqual([])
  })

  test('parses every kind of step, nested ones too', () => {
    const parsed = parsePipeline({
      params: { a: 1 },
      params_schema: { type: 'object' },
      output: { n: '${steps.x?}' },
      pipeline: [
        tool('one', {
          with: { a: '${params.a}' },
          save_as: 'x',
          if: 'params.a > 0',
          retry: { max: 3, initial: '1s' },
          timeout_seconds: 5,
          description: 'd',
        }),
        { id: 'two', parallel: [tool('two.a'), [tool('two.b'), { id: 'two.c', wait: '1h' }]], limit: 2 },
        {
          id: 'three',
          for_each: '${params.list}',
          as: 'row',
          limit: 4,
          do: [tool('three.a', { with: { row: '${row}' }, max_retries: 2 })],
        },
        { id: 'four', pipeline: 'other', with: {}, on_error: 'continue' },
        {
          id: 'five',
          wait: { signal: 'go', timeout: '2d' },
          on_error: { steps: [tool('five.a', { with: { why: '${error.message}' } })], after: 'fail' },
        },
        {
          id: 'six',
          human: { title: 'Look', form: { ok: { type: 'boolean' } }, assignTo: { group: 'ops' }, sla: '30m' },
          timeout_seconds: 86_400,
        },
      ],
    })
    expect(parsed.ok).toBe(true)
    const paths = parsed.ok ? listSteps(parsed.pipeline).map(({ step, path }) => `${step.id} ${path}`) : []
    expect(paths).toEqual([
      'one pipeline[0]',
      'two pipeline[1]',
      'two.a pipeline[1].parallel[0]',
      'two.b pipeline[1].parallel[1][0]',
      'two.c pipeline[1].parallel[1][1]',
      'three pipeline[2]',
      'three.a pipeline[2].do[0]',
      'four pipeline[3]',
      'five pipeline[4]',
      'five.a pipeline[4].on_error.steps[0]',
      'six pipeline[5]',
    ])
  })

  test('parses an empty pipeline', () => {
    expect(problems([])).toEqual([])
  })
})

describe('problems are reported with their step and path', () => {
  test.each<[string, unknown, string[]]>([
    ['null', null, ['null : Expected an object, got null']],
    ['no steps', {}, ['null pipeline: Missing; expected a list']],
    ['an unknown member', { pipeline: [], schedule: 'x' }, ['null schedule: There is no such member']],
    ['a step without a kind', [{ id: 'a' }], ['a pipeline[0]: A step needs one of uses, pipeline, parallel, for_each, wait, human']],
    ['a step of two kinds', [tool('a', { wait: '1h' })], ['a pipeline[0].wait: A step does one thing: it has uses already']],
    ['a member of another kind of step', [tool('a', { limit: 2 })], ['a pipeline[0].limit: A step with uses has no limit']],
    ['a misspelt member', [tool('a', { saveAs: 'x' })], ['a pipeline[0].saveAs: There is no such member']],
    ['no id', [{ uses: 'x' }], ['null pipeline[0].id: Missing; expected a text']],
    ['an id with a space', [tool('a b')], ['a b pipeline[0].id: Expected 1 to 128 letters, digits, dots, dashes or underscores']],
    ['arguments that are not an object', [tool('a', { with: [1] })], ['a pipeline[0].with: Expected an object']],
    ['an empty name of a tool', [{ id: 'a', uses: '' }], ['a pipeline[0].uses: Expected at least 1 character']],
    ['a number for a text', [{ id: 'a', uses: 3 }], ['a pipeline[0].uses: Expected a text, got a number']],
    [
      'two steps with one id',
      [tool('a'), { id: 'b', parallel: [tool('a')] }],
      ['a pipeline[1].parallel[0].id: The step at pipeline[0] has the id a already'],
    ],
    [
      'a nested mistake',
      [{ id: 'a', parallel: [tool('b'), [tool('c', { retries: 1 })]] }],
      ['c pipeline[0].parallel[1][0].retries: There is no such member'],
    ],
    [
      'a mistake in on_error',
      [tool('a', { on_error: { steps: [{ id: 'b', uses: 1 }] } })],
      ['b pipeline[0].on_error.steps[0].uses: Expected a text, got a number'],
    ],
    [
      'an unknown on_error',
      [tool('a', { on_error: 'stop' })],
      ['a pipeline[0].on_error: Expected one of "fail", "continue" or an object, got a text'],
    ],
    [
      'an unknown form of wait',
      [{ id: 'a', wait: { during: '1h' } }],
      [
        'a pipeline[0].wait: for: Missing; expected a text, or until: Missing; expected a text, or signal: Missing; expected a text',
        'a pipeline[0].wait.during: There is no such member',
      ],
    ],
    [
      'a wait without a unit',
      [{ id: 'a', wait: '30' }],
      ['a pipeline[0].wait: Expected a duration such as 2h or a time such as 2026-11-05T09:30:00Z'],
    ],
    ['a text that is not a duration', [{ id: 'a', wait: { for: 'noon' } }], ['a pipeline[0].wait.for: Expected a duration such as 2h']],
    [
      'both retry and max_retries',
      [tool('a', { retry: { max: 2 }, max_retries: 2 })],
      ['a pipeline[0].max_retries: Set either retry or max_retries, not both'],
    ],
    ['a for_each without do', [{ id: 'a', for_each: '${params.x}' }], ['a pipeline[0].do: Missing: the steps to run for each element']],
    [
      'a for_each over a text',
      [{ id: 'a', for_each: 'params.x', do: [tool('b')] }],
      ['a pipeline[0].for_each: Expected a list, or a ${…} that returns one'],
    ],
    [
      'a name that has a meaning already',
      [{ id: 'a', for_each: [1], as: 'now', do: [tool('b')] }],
      ['a pipeline[0].as: now has a meaning already; choose another name'],
    ],
    [
      'a template without its closing brace',
      [tool('a', { with: { x: [{ y: 'see ${params.x' }] } })],
      ['a pipeline[0].with.x[0].y: `${` has no closing `}`; write `\\${` for the two characters themselves (character 7)'],
    ],
    [
      'an unknown function',
      [tool('a', { with: { 'a b': '${lenght(params)}' } })],
      ['a pipeline[0].with["a b"]: there is no function lenght(); did you mean length?'],
    ],
    [
      'a condition with text beside it',
      [tool('a', { if: 'x ${params.x}' })],
      ['a pipeline[0].if: a condition is one expression; it has no text beside its ${…} (character 1)'],
    ],
    [
      'an output that does not parse',
      { pipeline: [], output: ['${1 +}'] },
      ['null output[0]: the expression ends where a value was expected (character 6)'],
    ],
    [
      'a mistake beside an id inside arguments',
      [tool('a', { with: { id: 'b', x: '${}' } })],
      ['a pipeline[0].with.x: there is no expression (character 3)'],
    ],
  ])('reports %s', (_, raw, expected) => {
    expect(problems(raw)).toEqual(expected)
  })

  test('reports every problem, up to fifty', () => {
    expect(problems(Array.from({ length: 80 }, (_, at) => tool(`s${at}`, { with: { x: '${' } })))).toHaveLength(50)
  })
})

describe('hostile pipelines', () => {
  const nest = (levels: number): unknown =>
    levels === 0 ? tool('x') : { id: `l${levels}`, parallel: [nest(levels - 1)], on_error: { steps: [{ id: `h${levels}`, uses: 1 }] } }

  test('refuses deep nesting, and parses in time proportional to the length', () => {
    expect(problems([nest(300)])[0]).toContain('too large: it is nested deeper than 100 levels')
    expect(cpuMs(() => expect(problems([nest(20)]).length).toBeGreaterThan(0))).toBeLessThan(10_000)
  })

  test('refuses large pipelines and those with too many steps', () => {
    const large = [tool('a', { with: { list: Array.from({ length: 200_000 }, () => 0) } })]
    expect(problems(large)[0]).toContain('The pipeline is too large')
    const many = Array.from({ length: 150 }, (_, at) => ({
      id: `p${at}`,
      parallel: [1, 2, 3, 4].map((branch) => tool(`s${at}-${branch}`)),
    }))
    expect(problems(many)).toEqual(['null pipeline: There are 750 steps, including nested ones; a pipeline may have at most 500'])
  })

  test('keeps an argument named __proto__', () => {
    const parsed = parsePipeline(JSON.parse('[{"id":"a","uses":"t","with":{"__proto__":{"x":1}}}]'))
    expect(JSON.stringify(parsed)).toContain('"with":{"__proto__":{"x":1}}')
    expect(problems(JSON.parse('[{"id":"a","uses":"t","__proto__":{"x":1}}]'))).toHaveLength(1)
  })

  test('returns a pipeline or problems for any JSON', () => {
    const member = fc.constantFrom(
      'id',
      'uses',
      'with',
      'if',
      'save_as',
      'parallel',
      'for_each',
      'do',
      'wait',
      'human',
      'on_error',
      'steps',
      'retry',
      'pipeline',
      '__proto__',
    )
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('a', '${a}', '1h', '', 1, true, null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(member, tie('value'), { maxKeys: 5 }),
      ),
    }))
    fc.assert(
      fc.property(value, (raw) => {
        const parsed = parsePipeline(raw)
        if (!parsed.ok) expect(parsed.problems.length).toBeGreaterThan(0)
      }),
      { numRuns: 2000 },
    )
  })
})

test('the shape can be written as a JSON Schema in which a step refers to itself', () => {
  const schema = z.toJSONSchema(pipelineDefinition, { io: 'input', unrepresentable: 'any' })
  expect(schema).toMatchObject({ type: 'object', required: ['pipeline'], additionalProperties: false })
  expect(JSON.stringify(schema).length).toBeLessThan(10_000)
})

test.each(['index', 'true', 'false', 'null', 'steps'])('refuses %s as the name of an element', (name) => {
  const step = { id: 'e', for_each: [1], as: name, do: [{ id: 'a', uses: 'x' }] }
  expect(parsePipeline([step])).toMatchObject({ ok: false, problems: [{ step: 'e', path: 'pipeline[0].as' }] })
})

test.each<[object, string]>([
  [{ initial: '10m', maximum: '1m' }, 'retry.maximum must not be shorter than retry.initial'],
  [{ initial: '999999999w' }, 'at most 3,000 years'],
  [{ increment: '0.001ms' }, 'not a whole number of milliseconds'],
])('refuses an impossible retry: %j', (retry, why) => {
  const step = { id: 'a', uses: 'x', retry }
  expect(parsePipeline([step])).toMatchObject({
    ok: false,
    problems: [{ step: 'a', path: 'pipeline[0].retry', message: expect.stringContaining(why) }],
  })
})
