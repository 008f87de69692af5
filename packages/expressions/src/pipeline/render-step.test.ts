/** Rendering one step: its condition, arguments, elements, wait and questions, over a fixed scope. Nothing is called. */
import type { HumanStep, Json, JsonObject, PipelineStep, ToolStep, WaitStep } from '@orrery/contract'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createScope, type ScopeParts } from '../template/scope.ts'
import type { Rendered } from './pipeline-problem.ts'
import { evaluateCondition, renderArguments, renderHuman, renderItems, renderOutput, renderWait } from './render-step.ts'
import { resolveRetry } from './resolve-retry.ts'

const NOW = Date.parse('2026-03-08T11:30:00Z')
const parts: ScopeParts = {
  params: { chat_id: 42, name: 'Ada', flag: false, none: null, list: [1, 2] },
  steps: { metrics: { total: 7, rows: [{ id: 'a' }, { id: 'b' }] }, briefing: { text: 'Hi', title: 'T' } },
  nowMs: NOW,
  timezone: 'America/New_York',
  names: { event: null, item: { email: 'a@b.c' }, index: 3 },
}
const scope = createScope(parts)

const step = (args: Json): ToolStep => ({ id: 'send', uses: 'mail', with: args as JsonObject })
const render = (args: Json) => renderArguments(step(args), scope)
const value = <T>(rendered: Rendered<T>): T => {
  if (!rendered.ok) throw new Error(`${rendered.problem.path}: ${rendered.problem.message}`)
  return rendered.value
}
const problem = (rendered: Rendered<unknown>): string =>
  rendered.ok ? 'none' : `${rendered.problem.step} ${rendered.problem.path}: ${rendered.problem.message}`

describe('arguments', () => {
  test.each<[string, Json]>([
    ['${params.chat_id}', 42],
    ['${ params.chat_id }', 42],
    ['${params.flag}', false],
    ['${params.none}', null],
    ['${params.list}', [1, 2]],
    ['${steps.metrics}', { total: 7, rows: [{ id: 'a' }, { id: 'b' }] }],
    ['${steps.metrics.rows[0].id}', 'a'],
    ['Total: ${steps.metrics.total}!', 'Total: 7!'],
    ['Costs $${steps.metrics.total}', 'Costs $7'],
    ['${params.flag}/${params.list}/${steps.metrics.rows[1]}', 'false/[1,2]/{"id":"b"}'],
    ['Daily Executive Briefing - ${date}', 'Daily Executive Briefing - 2026-03-08'],
    ['${now}', '2026-03-08T11:30:00.000Z'],
    ['${now+24h}', '2026-03-09T11:30:00.000Z'],
    ['${date(now - 12h)}', '2026-03-07'],
    ['${timezone}', 'America/New_York'],
    ['${item.email} is number ${index + 1}', 'a@b.c is number 4'],
    ["${if(steps.metrics.total > 5, 'many', 'few')}", 'many'],
    ["${{a: params.name, b: '}'}}", { a: 'Ada', b: '}' }],
    ["${default(steps.metrics.nope, 'none')}", 'none'],
    ['', ''],
    ['no template', 'no template'],
    ['$ and { and } and $ {x}', '$ and { and } and $ {x}'],
    ['\\${HOME}', '${HOME}'],
    ['a \\${b} ${params.name}', 'a ${b} Ada'],
    ['\\\\${params.name}', '\\Ada'],
    ['C:\\dir', 'C:\\dir'],
    ["${'${'}x}", '${x}'],
  ])('renders %j', (text, expected) => {
    expect(value(render({ x: text }))).toEqual({ x: expected })
  })

  test('leaves out an optional missing value, and writes nothing for it in a text', () => {
    const args = { a: '${steps.nope.x?}', b: ['${params.nope ?}', 1], c: 'x${params.nope?}y', d: '${params.none?}', e: 'x${params.none?}y' }
    expect(value(render(args))).toEqual({ b: [1], c: 'xy', d: null, e: 'xy' })
  })

  test('keeps names such as __proto__, and nested values', () => {
    const args = JSON.parse(
      '{"__proto__": {"x": "${params.chat_id}"}, "a.b": [[["${index}"]]], "n": 1.5, "t": true, "z": null}',
    ) as JsonObject
    expect(JSON.stringify(value(render(args)))).toBe('{"__proto__":{"x":42},"a.b":[[[3]]],"n":1.5,"t":true,"z":null}')
  })

  test.each([
    [
      '${steps.briefing.summary}',
      '${steps.briefing.summary}: steps.briefing has no summary; it has text, title (end it with ? if it may be missing)',
    ],
    ['${steps.email.id}', '${steps.email.id}: no step has saved email: it was skipped, it failed, or it comes later (end'],
    ['${steps.metrics.rows[5].id}', 'steps.metrics.rows has 2 elements, so there is no [5]'],
    ['${params.name.first}', 'params.name is a text, so it has no first'],
    ['${event.type}', 'event is null, so it has no type'],
    ['x ${params.none}', '${params.none}: null cannot be written into a text'],
    ['${stepz}', '${stepz}: there is nothing called stepz'],
    ['${stepz?}', '${stepz?}: there is nothing called stepz'],
    ['${params.list + 1}', '+ takes two numbers'],
    ['${}', 'there is no expression'],
    ['${params', '`${` has no closing `}`'],
  ])('reports a problem for %s', (text, message) => {
    expect(problem(render({ list: [{ x: text }] }))).toContain(`send with.list[0].x: `)
    expect(problem(render({ list: [{ x: text }] }))).toContain(message)
  })

  test('limits the length and depth of the result', () => {
    const big = createScope({ ...parts, params: { text: 'x'.repeat(400_000) } })
    expect(value(renderArguments(step({ a: '${params.text}', b: '${params.text}' }), big))).toBeDefined()
    expect(problem(renderArguments(step({ a: '${params.text}', b: '${params.text}', c: 'y${params.text}' }), big))).toBe(
      'send with.c: the result is longer than 1000000 characters',
    )
    const deep = JSON.parse('['.repeat(200) + ']'.repeat(200)) as Json
    expect(problem(render({ deep }))).toContain('nested deeper than 100 levels')
    expect(problem(renderArguments(step({ a: '${params.deep}' }), createScope({ ...parts, params: { deep } })))).toContain('nested deeper')
  })

  test('returns values without templates unchanged, and inserts texts unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (args) => {
        const plain = JSON.parse(JSON.stringify(args).replaceAll('${', '$(')) as Json
        expect(value(render({ args: plain }))).toEqual({ args: plain })
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, other) => {
        const given = createScope({ ...parts, params: { text, other } })
        expect(value(renderArguments(step({ whole: '${params.text}', both: '${params.text}${params.other}' }), given))).toEqual({
          whole: text,
          both: text + other,
        })
      }),
    )
  })

  test('a single template returns any value unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (given) => {
        const it = JSON.parse(JSON.stringify(given)) as Json
        expect(value(renderArguments(step({ x: '${params.it}' }), createScope({ ...parts, params: { it } })))).toEqual({ x: it })
      }),
    )
  })

  test('an escaped text renders as itself', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('${', '}', '\\', 'a', '$', '{', '${a}'), { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        const escaped = text.replaceAll(/(\\*)\$\{/g, (_, slashes: string) => `${slashes}${slashes}\\\${`)
        expect(value(render({ text: escaped }))).toEqual({ text })
      }),
    )
  })
})

describe('conditions', () => {
  const condition = (text: boolean | string) => evaluateCondition({ ...step({}), if: text } as PipelineStep, scope)
  test.each<[boolean | string, boolean]>([
    [true, true],
    [false, false],
    ['steps.metrics.total > 5', true],
    ['${steps.metrics.total > 5}', true],
    [' ${ steps.metrics.total < 5 } ', false],
    ["params.name == 'Ada' && !params.flag", true],
    ['params.none', false],
    ['steps.metrics.total - 7', false],
    ['steps.nope.deeper[0]', false],
    ['steps.nope.count > 5', false],
    ["contains(steps.nope.tags, 'x')", false],
    ['!steps.nope', true],
    ['event', false],
    ['steps.metrics.rows', true],
    ["steps.metrics.rows[?id == 'z']", false],
  ])('evaluates %s', (text, expected) => {
    expect(value(condition(text))).toBe(expected)
  })

  test('a step without a condition runs', () => {
    expect(value(evaluateCondition(step({}), scope))).toBe(true)
  })

  test.each([
    ['nope', 'send if: there is nothing called nope'],
    ['params.name > 5', 'send if: > compares two numbers or two texts'],
    ['a ${params.name}', 'send if: a condition is one expression'],
    ['', 'send if: there is no expression'],
  ])('reports a problem for the condition %j', (text, message) => {
    expect(problem(condition(text))).toContain(message)
  })
})

describe('other parts of a step', () => {
  test('for_each takes a list and limits its length', () => {
    const items = (for_each: string | Json[]) => renderItems({ id: 'each', for_each, do: [] }, scope)
    expect(value(items('${steps.metrics.rows[*].id}'))).toEqual(['a', 'b'])
    expect(value(items(['x', '${params.chat_id}']))).toEqual(['x', 42])
    expect(value(items('${steps.nope?}'))).toEqual([])
    expect(problem(items('${params.name}'))).toBe('each for_each: a list was expected, not a text')
    expect(problem(items('${params.none}'))).toBe('each for_each: a list was expected, not null')
    expect(problem(items('${params.none?}'))).toBe('each for_each: a list was expected, not null')
    const many = createScope({ ...parts, params: { many: Array.from({ length: 10_001 }, () => 1) } })
    expect(problem(renderItems({ id: 'each', for_each: '${params.many}', do: [] }, many))).toContain('there are 10001 elements')
  })

  test('wait takes durations, times and signals', () => {
    const wait = (waited: WaitStep['wait']) => renderWait({ id: 'nap', wait: waited }, scope)
    const hour = 3_600_000
    expect(value(wait('2h'))).toEqual({ type: 'time', untilMs: NOW + 2 * hour })
    expect(value(wait({ for: 'PT1H' }))).toEqual({ type: 'time', untilMs: NOW + hour })
    expect(value(wait('${now + 1h}'))).toEqual({ type: 'time', untilMs: NOW + hour })
    expect(value(wait({ until: '2026-03-08T14:30:00+02:00' }))).toEqual({ type: 'time', untilMs: NOW + hour })
    expect(value(wait({ signal: 'paid', timeout: "${if(params.flag, '1d', '1h')}" }))).toEqual({
      type: 'signal',
      name: 'paid',
      timeoutMs: hour,
    })
    expect(value(wait({ signal: 'paid' }))).toEqual({ type: 'signal', name: 'paid', timeoutMs: null })
    expect(problem(wait('soon'))).toBe('nap wait: a duration (2h) or a time was expected, not "soon"')
    expect(problem(wait({ until: '2h' }))).toBe('nap wait: a time such as 2026-11-05T09:30:00Z was expected, not "2h"')
    expect(problem(wait({ for: '${params.nope}' }))).toContain('nap wait.for: ${params.nope}: params has no nope')
  })

  test('renders the texts that a person sees', () => {
    const human: HumanStep['human'] = {
      title: 'Help ${params.name}',
      form: { answer: { type: 'textarea', required: true } },
      assignTo: { group: 'support-l1' },
      sla: '30m',
    }
    expect(value(renderHuman({ id: 'ask', human }, scope))).toEqual({ ...human, title: 'Help Ada' })
  })

  test('renders the output, or all saved results without one', () => {
    expect(value(renderOutput({ pipeline: [] }, scope))).toEqual(parts.steps)
    expect(value(renderOutput({ pipeline: [], output: { n: '${steps.metrics.total}' } }, scope))).toEqual({ n: 7 })
    expect(problem(renderOutput({ pipeline: [], output: { n: '${steps.x}' } }, scope))).toContain('null output.n: ')
  })

  test('translates retries into options of the engine', () => {
    expect(resolveRetry({ id: 'a', uses: 't' })).toBeUndefined()
    expect(resolveRetry({ id: 'a', uses: 't', max_retries: 3 })).toEqual({ max: 4 })
    expect(resolveRetry({ id: 'a', uses: 't', max_retries: 0 })).toBe(false)
    expect(resolveRetry({ id: 'a', uses: 't', retry: false })).toBe(false)
    expect(resolveRetry({ id: 'a', uses: 't', retry: { max: 2, initial: '1s', non_retryable: ['Denied'] } })).toEqual({
      max: 2,
      initial: '1s',
      nonRetryable: ['Denied'],
    })
  })

  test('dates follow the time zone, across changes of its offset', () => {
    const at = (time: string, timezone: string) => createScope({ ...parts, nowMs: Date.parse(time), timezone }).root.date
    expect(at('2026-03-08T04:59:00Z', 'America/New_York')).toBe('2026-03-07')
    expect(at('2026-03-08T05:00:00Z', 'America/New_York')).toBe('2026-03-08')
    expect(at('2026-11-02T04:59:00Z', 'America/New_York')).toBe('2026-11-01')
    expect(at('2026-01-01T10:00:00Z', 'Pacific/Kiritimati')).toBe('2026-01-02')
    expect(at('2026-01-01T00:00:00Z', 'UTC')).toBe('2026-01-01')
    expect(() => at('2026-01-01T00:00:00Z', 'Invalid/Timezone')).toThrow('"Invalid/Timezone" is not a time zone')
  })
})
