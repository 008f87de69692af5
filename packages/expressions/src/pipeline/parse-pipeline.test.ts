import { readFileSync } from 'node:fs'
import { pipelineDefinition } from '@orrery/contract'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parsePipeline } from './parse-pipeline.ts'
import { listSteps, listTools } from './step-places.ts'

const fixture = (name: string): unknown => JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'))
const problems = (raw: unknown): string[] => {
  const parsed = parsePipeline(raw)
  return parsed.ok ? [] : parsed.problems.map(({ step, path, message }) => `${step} ${path}: ${message}`)
}
const tool = (id: string, more: object = {}) => ({ id, uses: 'echo', ...more })

describe('what is promised can be read', () => {
  test('the daily briefing', () => {
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

  test('the adaptive follow-up', () => {
    const before = [tool('a', { save_as: 'email_priority' }), tool('b', { save_as: 'email' })]
    expect(problems([...before, fixture('adaptive-follow-up.step.json')])).toEqual([])
  })

  test('every kind of step, nested', () => {
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

  test('an empty pipeline', () => {
    expect(problems([])).toEqual([])
  })
})

describe('what is wrong is told by step and path', () => {
  test.each<[string, unknown, string[]]>([
    ['nothing', null, ['null : Expected object']],
    ['no steps', {}, ['null pipeline: Missing']],
    ['a member too much', { pipeline: [], schedule: 'x' }, ['null schedule: There is no such member']],
    ['a step without a kind', [{ id: 'a' }], ['a pipeline[0]: A step has one of uses, pipeline, parallel, for_each, wait, human']],
    ['a step of two kinds', [tool('a', { wait: '1h' })], ['a pipeline[0].wait: A step does one thing: it has uses already']],
    ['a member of another kind', [tool('a', { limit: 2 })], ['a pipeline[0].limit: A step with uses has no limit']],
    ['a typing error', [tool('a', { saveAs: 'x' })], ['a pipeline[0].saveAs: There is no such member']],
    ['no id', [{ uses: 'x' }], ['null pipeline[0].id: Missing']],
    ['an id of odd characters', [tool('a b')], ['a b pipeline[0].id: Expected 1 to 128 letters, digits, dots, dashes or underscores']],
    ['arguments that are no object', [tool('a', { with: [1] })], ['a pipeline[0].with: Expected an object']],
    ['an empty tool', [{ id: 'a', uses: '' }], ['a pipeline[0].uses: Too small: expected string to have >=1 characters']],
    ['a number for a text', [{ id: 'a', uses: 3 }], ['a pipeline[0].uses: Expected string']],
    [
      'two steps of one id',
      [tool('a'), { id: 'b', parallel: [tool('a')] }],
      ['a pipeline[1].parallel[0].id: The step at pipeline[0] is called a too'],
    ],
    [
      'a nested mistake',
      [{ id: 'a', parallel: [tool('b'), [tool('c', { retries: 1 })]] }],
      ['c pipeline[0].parallel[1][0].retries: There is no such member'],
    ],
    [
      'a mistake in on_error',
      [tool('a', { on_error: { steps: [{ id: 'b', uses: 1 }] } })],
      ['b pipeline[0].on_error.steps[0].uses: Expected string'],
    ],
    ['another on_error', [tool('a', { on_error: 'stop' })], ['a pipeline[0].on_error: Expected "fail" or "continue", or Expected object']],
    [
      'a wait of another form',
      [{ id: 'a', wait: { during: '1h' } }],
      ['a pipeline[0].wait.for: Missing', 'a pipeline[0].wait.during: There is no such member'],
    ],
    [
      'a wait without a unit',
      [{ id: 'a', wait: '30' }],
      ['a pipeline[0].wait: Expected a duration such as 2h or a time such as 2026-11-05T09:30:00Z'],
    ],
    ['a time where a duration stands', [{ id: 'a', wait: { for: 'noon' } }], ['a pipeline[0].wait.for: Expected a duration such as 2h']],
    ['retry twice', [tool('a', { retry: { max: 2 }, max_retries: 2 })], ['a pipeline[0].max_retries: Either retry or max_retries']],
    ['a for_each without do', [{ id: 'a', for_each: '${params.x}' }], ['a pipeline[0].do: Missing: the steps of a round']],
    [
      'a for_each of a text',
      [{ id: 'a', for_each: 'params.x', do: [tool('b')] }],
      ['a pipeline[0].for_each: Expected a list, or a ${…} that gives one'],
    ],
    [
      'a name that is taken',
      [{ id: 'a', for_each: [1], as: 'now', do: [tool('b')] }],
      ['a pipeline[0].as: now means something already; take another name'],
    ],
    [
      'a template that does not end',
      [tool('a', { with: { x: [{ y: 'see ${params.x' }] } })],
      ['a pipeline[0].with.x[0].y: `${` has no `}` that closes it; write `\\${` for the two characters themselves (character 7)'],
    ],
    [
      'an unknown function',
      [tool('a', { with: { 'a b': '${lenght(params)}' } })],
      ['a pipeline[0].with["a b"]: there is no function lenght(); did you mean length?'],
    ],
    [
      'a condition with text beside it',
      [tool('a', { if: 'x ${params.x}' })],
      ['a pipeline[0].if: a condition is one expression; nothing stands beside its ${…} (character 1)'],
    ],
    [
      'an output that cannot be read',
      { pipeline: [], output: ['${1 +}'] },
      ['null output[0]: the expression ends where a value should stand (character 6)'],
    ],
    [
      'an id inside arguments',
      [tool('a', { with: { id: 'b', x: '${}' } })],
      ['a pipeline[0].with.x: there is no expression (character 3)'],
    ],
  ])('%s', (_, raw, expected) => {
    expect(problems(raw)).toEqual(expected)
  })

  test('every problem, up to fifty', () => {
    expect(problems(Array.from({ length: 80 }, (_, at) => tool(`s${at}`, { with: { x: '${' } })))).toHaveLength(50)
  })
})

describe('hostile pipelines', () => {
  const nest = (levels: number): unknown =>
    levels === 0 ? tool('x') : { id: `l${levels}`, parallel: [nest(levels - 1)], on_error: { steps: [{ id: `h${levels}`, uses: 1 }] } }

  test('deep ones are refused at once, and nesting costs no more than it is long', () => {
    expect(problems([nest(300)])[0]).toContain('too large: it is nested deeper than 100 levels')
    const start = performance.now()
    expect(problems([nest(20)]).length).toBeGreaterThan(0)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  test('large ones are refused', () => {
    const large = [tool('a', { with: { list: Array.from({ length: 200_000 }, () => 0) } })]
    expect(problems(large)[0]).toContain('The pipeline is too large')
    const many = Array.from({ length: 150 }, (_, at) => ({
      id: `p${at}`,
      parallel: [1, 2, 3, 4].map((branch) => tool(`s${at}-${branch}`)),
    }))
    expect(problems(many)).toEqual(['null pipeline: There are 750 steps, nested ones counted; a pipeline has at most 500'])
  })

  test('members with odd names stay arguments', () => {
    const parsed = parsePipeline(JSON.parse('[{"id":"a","uses":"t","with":{"__proto__":{"x":1}}}]'))
    expect(JSON.stringify(parsed)).toContain('"with":{"__proto__":{"x":1}}')
    expect(problems(JSON.parse('[{"id":"a","uses":"t","__proto__":{"x":1}}]'))).toHaveLength(1)
  })

  test('any JSON gives a pipeline or problems', () => {
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

test('the shape is told as JSON Schema, in which a step refers to itself', () => {
  const schema = z.toJSONSchema(pipelineDefinition, { io: 'input', unrepresentable: 'any' })
  expect(schema).toMatchObject({ type: 'object', required: ['pipeline'], additionalProperties: false })
  expect(JSON.stringify(schema).length).toBeLessThan(10_000)
})

test.each(['index', 'true', 'false', 'null', 'steps'])('no element is called %s, which means something already', (name) => {
  const step = { id: 'e', for_each: [1], as: name, do: [{ id: 'a', uses: 'x' }] }
  expect(parsePipeline([step])).toMatchObject({ ok: false, problems: [{ step: 'e', path: 'pipeline[0].as' }] })
})

test.each<[object, string]>([
  [{ initial: '10m', maximum: '1m' }, 'retry.maximum must not be shorter than retry.initial'],
  [{ initial: '999999999w' }, 'at most 3,000 years'],
  [{ increment: '0.001ms' }, 'no whole number of milliseconds'],
])('retries that could not be made are refused: %j', (retry, why) => {
  const step = { id: 'a', uses: 'x', retry }
  expect(parsePipeline([step])).toMatchObject({
    ok: false,
    problems: [{ step: 'a', path: 'pipeline[0].retry', message: expect.stringContaining(why) }],
  })
})
